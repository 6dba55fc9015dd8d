package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kassa/internal/correlation"
	"kassa/internal/fault"
)

// deadline bounds a call; the context's own deadline counts when it is sooner.
const deadline = 3 * time.Second

// maxAnswer is the longest answer read, in bytes.
const maxAnswer = 8 << 20

// CallerOptions say how to reach the services.
type CallerOptions struct {
	Token string
	URLs  map[string][]string // service name → addresses of its instances, see package discovery
	Names *net.Resolver       // looks them up; nil for the machine's own
}

// Caller calls operations of other services. It is safe for concurrent use;
// make one per process.
type Caller struct {
	bearer   string
	services map[string]*target
}

// NewCaller makes a Caller. A malformed address is reported by the first call.
func NewCaller(o CallerOptions) *Caller {
	c := &Caller{bearer: "Bearer " + o.Token, services: map[string]*target{}}
	for service, addresses := range o.URLs {
		c.services[service] = newTarget(service, addresses, o.Names)
	}
	return c
}

// Call runs an operation of another service once. It answers nil and fills
// out, or a fault that is definite, or fault.ErrUnavailable, after which
// nobody knows whether the operation happened.
func (c *Caller) Call(ctx context.Context, service, operation string, in, out any) (err error) {
	target, ok := c.services[service]
	if !ok {
		return fault.ErrUnavailable.Because(fmt.Errorf("no address is configured for service %s", service))
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fault.ErrInternal.Because(fmt.Errorf("input of %s: %w", operation, err))
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	ctx, span := tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient))
	defer func() { finish(span, err) }()

	answer, err := target.guard(ctx, func() ([]byte, error) { return c.send(ctx, target, operation, body) })
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("answer of %s: %w", operation, err))
	}
	return nil
}

// Call runs an operation of another service, named by its method on a nil
// service: operations.Call(ctx, caller, inventory.Queue, stock.ReserveStock, in).
func Call[In, Out any](ctx context.Context, c *Caller, service string, op func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	err := c.Call(ctx, service, Name(op), in, &out)
	return out, err
}

// send posts to the service's instances until one takes the connection. A
// refused connection has carried nothing, so going on to the next instance is
// not a second try.
func (c *Caller) send(ctx context.Context, t *target, operation string, body []byte) ([]byte, error) {
	refused := errNoInstance
	instances := t.instances.All()
	for range instances {
		instance := t.next(instances)
		answer, err := c.post(ctx, instance, operation, body)
		var dial *net.OpError
		if !errors.As(err, &dial) || dial.Op != "dial" || ctx.Err() != nil {
			return answer, err
		}
		instance.skip()
		refused = err
	}
	return nil, refused
}

// post is one exchange. Its error is a definite fault or says why there is none.
func (c *Caller) post(ctx context.Context, to *instance, operation string, body []byte) ([]byte, error) {
	url := to.base + operation
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header["Authorization"] = []string{c.bearer}
	request.Header["Content-Type"] = jsonType
	if id := correlation.ID(ctx); id != "" {
		request.Header[correlation.Header] = []string{id}
	}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(request.Header))
	response, err := to.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return answer, nil
	}
	if f := readProblem(answer); f != nil {
		return nil, f
	}
	return nil, fmt.Errorf("POST %s answered %s", url, response.Status)
}

var jsonType = []string{"application/json"}
