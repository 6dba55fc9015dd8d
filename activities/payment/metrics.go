package payment

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

var tracer = otel.Tracer("kassa/activities/payment")

func newProviderSeconds() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "payment_provider_request_duration_seconds",
		Help:    "Requests to the payment provider, by operation and outcome (answered, refused, unknown).",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8},
	}, []string{"operation", "outcome"})
}

// Collector measures the requests to the provider.
func (s *Stripe) Collector() prometheus.Collector { return s.seconds }

// measure runs one request as a span and an observation.
func (s *Stripe) measure(ctx context.Context, operation string, request func(context.Context) error) error {
	ctx, span := tracer.Start(ctx, "provider "+operation, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	start := time.Now()
	err := request(ctx)
	outcome := "answered"
	if err != nil {
		outcome = "unknown"
		var refused *refusedError
		if errors.As(err, &refused) || errors.Is(err, errKeyUsed) {
			outcome = "refused"
		}
	}
	span.SetAttributes(attribute.String("outcome", outcome))
	s.seconds.WithLabelValues(operation, outcome).Observe(time.Since(start).Seconds())
	return err
}
