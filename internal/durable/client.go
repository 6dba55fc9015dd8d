package durable

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kassa/internal/fault"
)

// Options say which Temporal to use.
type Options struct {
	Address   string // host:port
	Namespace string
	Identity  string // of this process, shown in the Web UI; "" for pid@host
	Log       *zap.Logger
}

// Dial makes a client that connects when it is first used, so a Temporal that
// is down does not keep a process from starting. The only errors are mistakes
// in the options.
func Dial(o Options) (client.Client, error) {
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:               otel.Tracer("kassa/internal/durable"),
		DisableQueryTracing:  true,
		DisableBaggage:       true,
		DisableSignalTracing: false,
		// A workflow started by the command line, or before tracing was on,
		// has no span; that must not fail it.
		AllowInvalidParentSpans: true,
	})
	if err != nil {
		return nil, fmt.Errorf("tracing of workflows: %w", err)
	}
	log := o.Log
	if log == nil {
		log = zap.NewNop()
	}
	c, err := client.NewLazyClient(client.Options{
		HostPort:           o.Address,
		Namespace:          o.Namespace,
		Identity:           o.Identity,
		Logger:             logger{log.Named("temporal").WithOptions(zap.AddCallerSkip(1)).Sugar()},
		MetricsHandler:     newMetrics(),
		Interceptors:       []interceptor.ClientInterceptor{tracing},
		ContextPropagators: []workflow.ContextPropagator{correlationPropagator{}},
		ConnectionOptions:  client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	})
	if err != nil {
		return nil, fmt.Errorf("temporal client for %s: %w", o.Address, err)
	}
	return c, nil
}

// Ready reports whether Temporal can be reached.
func Ready(ctx context.Context, c client.Client) error {
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return nil
}

// Unavailable reports whether err says that Temporal itself could not be
// asked or did not answer in time.
func Unavailable(err error) bool {
	var unavailable *serviceerror.Unavailable
	var deadline *serviceerror.DeadlineExceeded
	var exhausted *serviceerror.ResourceExhausted
	if errors.As(err, &unavailable) || errors.As(err, &deadline) || errors.As(err, &exhausted) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		switch coded.GRPCStatus().Code() {
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
			return true
		default:
		}
	}
	return false
}

// Fault is the fault that an error of Temporal's client or of an activity
// stands for: what an operation or a workflow failed with, or
// fault.ErrUnavailable when Temporal itself is out. Another error, and a
// fault, comes back unchanged.
func Fault(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if f := fromFailure(err); f != nil {
		return f
	}
	if Unavailable(err) {
		return fault.ErrUnavailable.Because(err)
	}
	return err
}
