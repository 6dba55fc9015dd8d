package operations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"kassa/internal/correlation"
	"kassa/internal/fault"
	"kassa/internal/operations"
)

var (
	errOutOfStock = fault.New(fault.Declined, "out_of_stock", "Some items are no longer in stock.")
	errMoved      = fault.New(fault.Conflict, "moved_on", "It has moved on.")
)

type (
	line struct {
		VariantID uuid.UUID `json:"variant_id"`
		Quantity  int64     `json:"quantity"`
	}
	reserveInput struct {
		OrderID uuid.UUID `json:"order_id"`
		Lines   []line    `json:"lines"`
	}
	reservation struct {
		OrderID uuid.UUID `json:"order_id"`
		Status  string    `json:"status"`
		Lines   []line    `json:"lines"`
		At      time.Time `json:"at"`
	}
)

// service stands for the domain packages.
type service struct {
	reserve func(context.Context, reserveInput) (reservation, error)
}

func (s *service) ReserveStock(ctx context.Context, in reserveInput) (reservation, error) {
	return s.reserve(ctx, in)
}

func (s *service) ReleaseStock(ctx context.Context, in reserveInput) (reservation, error) {
	return s.reserve(ctx, in)
}

var stock *service

const token = "a token of these tests"

func serve(t testing.TB, svc *service) string {
	t.Helper()
	server := httptest.NewServer(operations.Handler(token, svc, "ReleaseStock"))
	t.Cleanup(server.Close)
	return server.URL
}

func caller(urls ...string) *operations.Caller {
	return operations.NewCaller(operations.CallerOptions{Token: token, URLs: map[string][]string{"inventory": urls}})
}

func TestAnOperationIsCalledByItsMethod(t *testing.T) {
	want := reservation{
		OrderID: uuid.New(), Status: "held", At: time.Now().UTC(),
		Lines: []line{{VariantID: uuid.New(), Quantity: 2}, {VariantID: uuid.New(), Quantity: 1 << 60}},
	}
	var heard reserveInput
	c := caller(serve(t, &service{reserve: func(ctx context.Context, in reserveInput) (reservation, error) {
		require.Equal(t, "correlated", correlation.ID(ctx))
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", trace.SpanContextFromContext(ctx).TraceID().String())
		heard = in
		return want, nil
	}}))
	ctx := correlation.With(t.Context(), "correlated")
	traceID, _ := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	spanID, _ := trace.SpanIDFromHex("b7ad6b7169203331")
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID}))

	in := reserveInput{OrderID: want.OrderID, Lines: want.Lines}
	got, err := operations.Call(ctx, c, "inventory", stock.ReserveStock, in)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, in, heard)
}

func TestAFaultArrivesAsItWasSent(t *testing.T) {
	answer := error(nil)
	c := caller(serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) { return reservation{}, answer }}))
	call := func() error {
		_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
		return err
	}

	answer = fmt.Errorf("reserve: %w", errOutOfStock.
		With("lines", []map[string]any{{"variant_id": "v1", "requested": 3, "available": 1}}).
		With("detail", "not the problem's own").
		Because(errors.New("secret cause")))
	err := call()
	require.ErrorIs(t, err, errOutOfStock)
	require.Equal(t, &fault.Error{
		Code: fault.Declined, Reason: "out_of_stock", Message: errOutOfStock.Message,
		Details: map[string]any{
			"lines":  []any{map[string]any{"variant_id": "v1", "requested": 3.0, "available": 1.0}},
			"detail": "not the problem's own",
		},
	}, fault.Of(err))
	require.NotContains(t, err.Error(), "secret")

	answer = errMoved
	require.Equal(t, fault.Conflict, fault.Of(call()).Code, "409 as well, and yet another code")

	for _, indefinite := range []error{fault.ErrUnavailable, errors.New("a bug"), context.DeadlineExceeded, fault.New(fault.Limited, "slow_down", "")} {
		answer = indefinite
		require.Equal(t, "unavailable", fault.Of(call()).Reason, "%v", indefinite)
	}
}

func TestAPanicIsNoDefiniteAnswer(t *testing.T) {
	c := caller(serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) { panic("bug") }}))
	_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
	require.ErrorIs(t, err, fault.ErrUnavailable)
}

func TestOnlyHoldersOfTheTokenAreServed(t *testing.T) {
	url := serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) { return reservation{}, nil }})
	stranger := operations.NewCaller(operations.CallerOptions{Token: "wrong", URLs: map[string][]string{"inventory": {url}}})
	_, err := operations.Call(t.Context(), stranger, "inventory", stock.ReserveStock, reserveInput{})
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.ErrorContains(t, err, "401")

	err = caller(url).Call(t.Context(), "inventory", "NoSuchThing", reserveInput{}, &reservation{})
	require.ErrorIs(t, err, fault.ErrUnavailable, "an older instance may not have it yet")
	require.ErrorContains(t, err, "404")

	err = caller(url).Call(t.Context(), "inventory", "ReserveStock", "not an object", &reservation{})
	require.Equal(t, "malformed", fault.Of(err).Reason)

	err = caller(url).Call(t.Context(), "nobody", "ReserveStock", reserveInput{}, &reservation{})
	require.ErrorIs(t, err, fault.ErrUnavailable)
}

func TestADetachedOperationOutlivesItsCaller(t *testing.T) {
	started, finish, ended := make(chan struct{}, 2), make(chan struct{}), make(chan error, 2)
	c := caller(serve(t, &service{reserve: func(ctx context.Context, _ reserveInput) (reservation, error) {
		deadline, bounded := ctx.Deadline()
		require.True(t, bounded)
		require.LessOrEqual(t, time.Until(deadline), 10*time.Second)
		started <- struct{}{}
		select {
		case <-ctx.Done():
		case <-finish:
		}
		ended <- ctx.Err()
		return reservation{}, ctx.Err()
	}}))
	for _, tc := range []struct {
		op   func(context.Context, reserveInput) (reservation, error)
		want error
	}{{stock.ReserveStock, context.Canceled}, {stock.ReleaseStock, nil}} {
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error, 1)
		go func() {
			_, err := operations.Call(ctx, c, "inventory", tc.op, reserveInput{})
			gaveUp <- err
		}()
		<-started
		cancel()
		require.ErrorIs(t, <-gaveUp, fault.ErrUnavailable)
		if tc.want == nil {
			close(finish)
		}
		require.Equal(t, tc.want, <-ended)
	}
}

func TestAnInstanceThatRefusesIsPassedOver(t *testing.T) {
	const refusing = "http://127.0.0.1:1" // nobody
	var first, second atomic.Int64
	count := func(n *atomic.Int64) *service {
		return &service{reserve: func(context.Context, reserveInput) (reservation, error) { n.Add(1); return reservation{}, nil }}
	}
	c := caller(serve(t, count(&first)), refusing, serve(t, count(&second)))
	for range 40 {
		_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
		require.NoError(t, err)
	}
	require.EqualValues(t, 40, first.Load()+second.Load())
	require.InDelta(t, 20, first.Load(), 8)

	_, err := operations.Call(t.Context(), caller(refusing), "inventory", stock.ReserveStock, reserveInput{})
	require.ErrorIs(t, err, fault.ErrUnavailable)
}

func TestTheBreakerOpensOnTroubleButNotOnRefusals(t *testing.T) {
	var calls atomic.Int64
	var answer atomic.Pointer[fault.Error]
	answer.Store(errOutOfStock)
	c := caller(serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) {
		calls.Add(1)
		return reservation{}, answer.Load()
	}}))
	for range 60 {
		_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
		require.ErrorIs(t, err, errOutOfStock)
	}
	require.EqualValues(t, 60, calls.Load())

	answer.Store(fault.ErrUnavailable)
	for range 100 {
		_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
		require.ErrorIs(t, err, fault.ErrUnavailable)
	}
	require.InDelta(t, 120, calls.Load(), 2, "open when half of all calls failed")
}

func TestAServiceThatHangsHoldsFewCallers(t *testing.T) {
	release := make(chan struct{})
	var inside atomic.Int64
	c := caller(serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) {
		inside.Add(1)
		<-release
		return reservation{}, nil
	}}))
	results := make(chan error, 100)
	for range 100 {
		go func() {
			_, err := operations.Call(t.Context(), c, "inventory", stock.ReserveStock, reserveInput{})
			results <- err
		}()
	}
	for range 36 {
		require.ErrorIs(t, <-results, fault.ErrUnavailable)
	}
	require.LessOrEqual(t, inside.Load(), int64(64))
	close(release)
	for range 64 {
		require.NoError(t, <-results)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	c := caller(serve(t, &service{reserve: func(context.Context, reserveInput) (reservation, error) {
		<-release
		return reservation{}, nil
	}}))
	t.Cleanup(func() { close(release) }) // before the server waits for it
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := operations.Call(ctx, c, "inventory", stock.ReleaseStock, reserveInput{})
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

type misshapen struct{}

func (*misshapen) Start() error { return nil }

func TestAMethodOfAnotherShapeIsRefused(t *testing.T) {
	require.Panics(t, func() { operations.Methods(&misshapen{}) })
	require.Panics(t, func() { operations.Handler(token, &service{}, "NoSuchThing") })
	require.Panics(t, func() { operations.Handler("", &service{}) })
	require.Len(t, operations.Methods(stock), 2)
	require.Equal(t, "ReserveStock", operations.Name(stock.ReserveStock))
}

func BenchmarkCall(b *testing.B) {
	out := reservation{OrderID: uuid.New(), Status: "held", At: time.Now(), Lines: []line{{uuid.New(), 1}, {uuid.New(), 2}, {uuid.New(), 3}}}
	mux := http.NewServeMux()
	mux.Handle("POST "+operations.Path+"{operation}", operations.Handler(token, &service{reserve: func(context.Context, reserveInput) (reservation, error) { return out, nil }}))
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	c := caller(server.URL)
	in := reserveInput{OrderID: out.OrderID, Lines: out.Lines}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := operations.Call(b.Context(), c, "inventory", stock.ReserveStock, in); err != nil {
				b.Fatal(err)
			}
		}
	})
}
