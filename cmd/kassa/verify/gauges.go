package verify

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Gauges show the last reports to whoever collects metrics.
type Gauges struct {
	violations *prometheus.GaugeVec
	rows       *prometheus.GaugeVec
	checked    prometheus.Gauge
	failures   prometheus.Counter
}

// NewGauges registers the gauges.
func NewGauges(registry prometheus.Registerer) *Gauges {
	g := &Gauges{
		violations: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kassa_invariant_violations", Help: "What was found against an invariant by the last check; 0 when it holds.",
		}, []string{"id"}),
		rows: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kassa_invariant_rows", Help: "Rows that the last check of an invariant read.",
		}, []string{"id"}),
		checked: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kassa_invariants_checked_timestamp_seconds", Help: "When the invariants were checked last, since 1970. Alert when it is old.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kassa_invariant_checks_failed_total", Help: "Checks that could not be made.",
		}),
	}
	registry.MustRegister(g.violations, g.rows, g.checked, g.failures)
	return g
}

// Show shows a report. What it has not checked is shown no longer.
func (g *Gauges) Show(r Report) {
	for _, result := range r.Results {
		if result.Skipped != "" {
			g.violations.DeleteLabelValues(result.ID)
			g.rows.DeleteLabelValues(result.ID)
			continue
		}
		g.violations.WithLabelValues(result.ID).Set(float64(len(result.Findings)))
		g.rows.WithLabelValues(result.ID).Set(float64(result.Rows))
	}
	g.checked.Set(float64(r.At.Unix()))
}

// Failed counts a check that could not be made.
func (g *Gauges) Failed() { g.failures.Inc() }
