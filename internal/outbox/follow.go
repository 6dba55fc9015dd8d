package outbox

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kassa/internal/cloudevent"
	"kassa/internal/correlation"
)

var tracer = otel.Tracer("kassa/internal/outbox")

type causeKey struct{}

// cause is the id of the event whose effect ctx belongs to, or "".
func cause(ctx context.Context) string {
	id, _ := ctx.Value(causeKey{}).(string)
	return id
}

// follow is ctx with the event's correlation id, with the event as the cause
// of others, and with its trace as the parent of a new span. Call end with the
// outcome.
func follow(ctx context.Context, consumer string, event cloudevent.Event) (followed context.Context, end func(error)) {
	ctx = context.WithValue(ctx, causeKey{}, event.ID.String())
	if event.CorrelationID != "" {
		ctx = correlation.With(ctx, event.CorrelationID)
	}
	if event.TraceParent == "" {
		return ctx, func(error) {}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": event.TraceParent})
	ctx, span := tracer.Start(ctx, consumer+" "+event.Type, trace.WithSpanKind(trace.SpanKindConsumer))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "not applied")
		}
		span.End()
	}
}
