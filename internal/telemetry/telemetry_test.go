package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"kassa/internal/telemetry"
)

func TestWithoutACollectorTracesArePassedOnOnly(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	stop, err := telemetry.Start(t.Context(), "mugs")
	require.NoError(t, err)
	require.False(t, telemetry.Tracing())
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := otel.GetTextMapPropagator().Extract(t.Context(), propagation.MapCarrier{"traceparent": parent})
	out := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, out)
	require.Equal(t, parent, out["traceparent"])
	require.NoError(t, stop(t.Context()))
}

func TestSpansReachTheCollector(t *testing.T) {
	var received atomic.Int32
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			received.Add(1)
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	stop, err := telemetry.Start(t.Context(), "mugs")
	require.NoError(t, err)
	require.True(t, telemetry.Tracing())
	_, span := otel.Tracer("test").Start(t.Context(), "glaze")
	span.End()
	require.NoError(t, stop(t.Context()))
	require.EqualValues(t, 1, received.Load())
}

func TestMetricsOfLibrariesShareThePage(t *testing.T) {
	counter, err := telemetry.MeterProvider().Meter("test").Int64Counter("mugs_fired")
	require.NoError(t, err)
	counter.Add(t.Context(), 3)
	w := httptest.NewRecorder()
	telemetry.MetricsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	page, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "\nmugs_fired_total ")
	require.Contains(t, string(page), "go_goroutines")
}
