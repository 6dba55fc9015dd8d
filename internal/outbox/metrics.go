package outbox

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"kassa/internal/telemetry"
)

var metrics = promauto.With(telemetry.Registry)

var (
	unpublished = metrics.NewGauge(prometheus.GaugeOpts{
		Name: "kassa_outbox_unpublished",
		Help: "Events waiting to be published, as seen by the leading relay; 10000 means that many or more.",
	})
	oldestSeconds = metrics.NewGauge(prometheus.GaugeOpts{
		Name: "kassa_outbox_oldest_seconds",
		Help: "Age of the oldest event waiting to be published, as seen by the leading relay.",
	})
	published = metrics.NewCounter(prometheus.CounterOpts{
		Name: "kassa_outbox_published_total",
		Help: "Events acknowledged by the broker.",
	})
	applied = metrics.NewCounterVec(prometheus.CounterOpts{
		Name: "kassa_inbox_applied_total",
		Help: "Events applied by a consumer.",
	}, []string{"consumer"})
	dropped = metrics.NewCounterVec(prometheus.CounterOpts{
		Name: "kassa_inbox_dropped_total",
		Help: "Events dropped because a newer one of the same subject had been applied.",
	}, []string{"consumer"})
	deadLetters = metrics.NewCounterVec(prometheus.CounterOpts{
		Name: "kassa_dead_letters_total",
		Help: "Events that a consumer gave up on.",
	}, []string{"consumer"})
)
