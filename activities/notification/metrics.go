package notification

import "github.com/prometheus/client_golang/prometheus"

var (
	attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "notification_attempts_total",
		Help: "Attempts at messages, by channel and outcome (sent, skipped, failed, delayed).",
	}, []string{"channel", "outcome"})
	deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "notification_webhook_attempts_total",
		Help: "Attempts at webhook deliveries, by outcome (delivered, failed, delayed).",
	}, []string{"outcome"})
)

// Collectors measure what is sent, for the process's registry.
func Collectors() []prometheus.Collector { return []prometheus.Collector{attempts, deliveries} }
