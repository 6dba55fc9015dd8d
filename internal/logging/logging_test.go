package logging_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"kassa/internal/correlation"
	"kassa/internal/logging"
)

func TestALineCarriesWhatItsContextKnows(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zap.InfoLevel)
	ctx := logging.Into(t.Context(), zap.New(core))
	ctx = correlation.With(ctx, "shop:1")
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	ctx = logging.With(ctx, zap.String("order_id", "o1"))
	one := logging.With(ctx, zap.String("workflow_id", "w1"))
	other := logging.With(ctx, zap.String("workflow_id", "w2"))
	logging.From(one).Info("a")
	logging.From(other).Info("b")
	logging.From(other).Debug("not at this level")

	want := map[string]any{"order_id": "o1", "correlation_id": "shop:1", "trace_id": "01000000000000000000000000000000"}
	require.Equal(t, 2, lines.Len())
	for i, workflow := range []string{"w1", "w2"} {
		want["workflow_id"] = workflow
		require.Equal(t, want, lines.All()[i].ContextMap())
	}
}

func TestWithoutALoggerNothingIsWritten(t *testing.T) {
	t.Parallel()
	logging.From(t.Context()).Error("nobody reads this") // must not panic
}
