package operations

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"kassa/internal/correlation"
	"kassa/internal/failpoint"
	"kassa/internal/fault"
	"kassa/internal/logging"
)

const (
	maxBody = 1 << 20          // bytes of an input
	within  = 10 * time.Second // the longest an operation may take on the server
)

var tracer = otel.Tracer("kassa/internal/operations")

// operation is one method, made ready to be called.
type operation struct {
	name     string
	fn       reflect.Value // bound to its service
	in       reflect.Type
	detached bool // runs on when its caller goes away
}

type handler struct {
	bearer     []byte // the whole Authorization header
	operations map[string]*operation
}

// Handler serves every operation of svc to callers that hold token. Mount it
// at Path. Operations named in detached run on to their own deadline of 10 s
// when the caller goes away: those that move money.
func Handler(token string, svc any, detached ...string) http.Handler {
	if token == "" {
		panic("operations.Handler needs a token")
	}
	h := &handler{bearer: []byte("Bearer " + token), operations: map[string]*operation{}}
	receiver := reflect.ValueOf(svc)
	for name, m := range Methods(svc) {
		h.operations[name] = &operation{
			name:     name,
			fn:       receiver.Method(m.Index),
			in:       m.Type.In(2),
			detached: slices.Contains(detached, name),
		}
	}
	for _, name := range detached {
		if h.operations[name] == nil {
			panic(fmt.Sprintf("operations.Handler: %T has no operation %s to detach", svc, name))
		}
	}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), h.bearer) != 1 {
		http.Error(w, "this is for Kassa's own services", http.StatusUnauthorized)
		return
	}
	op, ok := h.operations[strings.TrimPrefix(r.URL.Path, Path)]
	if !ok {
		http.Error(w, "no such operation", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "operations are called by POST", http.StatusMethodNotAllowed)
		return
	}
	in, err := op.read(w, r)
	if err != nil {
		writeProblem(w, err)
		return
	}
	ctx := incoming(r)
	out, err := op.call(ctx, in)
	if err != nil {
		op.log(ctx, err)
		writeProblem(w, err)
		return
	}
	body, err := json.Marshal(out)
	if err != nil {
		writeProblem(w, fault.ErrInternal.Because(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

var errUnreadable = fault.New(fault.Malformed, "malformed", "The input of the operation cannot be read.")

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read decodes the input. Unknown members are let through: during a rolling
// update a newer caller may send more than we know.
func (op *operation) read(w http.ResponseWriter, r *http.Request) (reflect.Value, error) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return reflect.Value{}, errUnreadable.Because(err)
	}
	in := reflect.New(op.in)
	if err := json.Unmarshal(buffer.Bytes(), in.Interface()); err != nil {
		return reflect.Value{}, errUnreadable.Because(err)
	}
	return in.Elem(), nil
}

// incoming is the request's context with the caller's correlation and trace.
func incoming(r *http.Request) context.Context {
	ctx := r.Context()
	if id := r.Header.Get(correlation.Header); correlation.Valid(id) {
		ctx = correlation.With(ctx, id)
	}
	if r.Header.Get("Traceparent") != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return ctx
}

func (op *operation) call(ctx context.Context, in reflect.Value) (out any, err error) {
	if op.detached {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ctx, span := tracer.Start(ctx, op.name, trace.WithSpanKind(trace.SpanKindServer))
	defer func() { finish(span, err) }()
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, fault.ErrInternal.Because(fmt.Errorf("panic in %s: %v", op.name, p))
		}
	}()
	ctx = failpoint.Enter(ctx, op.name)
	if err := failpoint.Hit(ctx, failpoint.Before); err != nil {
		return nil, err
	}
	results := op.fn.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, cutShort(err)
	}
	return results[0].Interface(), failpoint.Hit(ctx, failpoint.After)
}

// log writes what does not cross the wire: the cause.
func (op *operation) log(ctx context.Context, err error) {
	f := fault.Of(err)
	if level := logging.Level(f.Code); level > zap.DebugLevel {
		logging.From(ctx).Log(level, "operation failed", zap.String("operation", op.name), zap.String("reason", f.Reason), zap.Error(err))
	}
}

// cutShort turns a deadline or a cancellation that nobody named into
// fault.ErrUnavailable: it is no bug, and another try may succeed.
func cutShort(err error) error {
	var known *fault.Error
	if !errors.As(err, &known) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return fault.ErrUnavailable.Because(err)
	}
	return err
}

// finish ends a span. Only the fault's reason goes with it, never its cause.
func finish(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		f := fault.Of(err)
		span.SetAttributes(attribute.String("kassa.fault", f.Reason))
		if !f.Code.Benign() {
			span.SetStatus(codes.Error, f.Reason)
		}
	}
	span.End()
}
