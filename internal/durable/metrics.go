package durable

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"kassa/internal/telemetry"
)

// labels are the SDK's tags that are kept, in this order. The others
// (namespace, client name) are the same for the whole process.
var labels = [...]string{"task_queue", "worker_type", "workflow_type", "activity_type", "operation", "failure_reason", "poller_type"}

type labelValues [len(labels)]string

// metrics hands the SDK's metrics to Prometheus. The SDK asks for a counter
// with tags many times per task, so the way there is one copy of an array and
// one lookup.
type metrics struct {
	registry prometheus.Registerer
	vectors  sync.Map // name → prometheus vector
	children sync.Map // child → counter, gauge or observer
}

type child struct {
	name   string
	values labelValues
}

var shared = sync.OnceValue(func() *metrics { return &metrics{registry: telemetry.Registry} })

// newMetrics answers the process's one handler: several clients may share it.
func newMetrics() client.MetricsHandler { return tagged{metrics: shared()} }

// tagged is the handler with some tags set.
type tagged struct {
	metrics *metrics
	values  labelValues
}

// WithTags implements client.MetricsHandler.
func (t tagged) WithTags(tags map[string]string) client.MetricsHandler {
	for i, label := range labels {
		if value, ok := tags[label]; ok {
			t.values[i] = value
		}
	}
	return t
}

// Counter implements client.MetricsHandler.
func (t tagged) Counter(name string) client.MetricsCounter {
	return counter{find(t, name, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: strings.TrimSuffix(name, "_total") + "_total", Help: "Temporal SDK: " + name}, labels[:])
	}, (*prometheus.CounterVec).WithLabelValues)}
}

// Gauge implements client.MetricsHandler.
func (t tagged) Gauge(name string) client.MetricsGauge {
	return gauge{find(t, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "Temporal SDK: " + name}, labels[:])
	}, (*prometheus.GaugeVec).WithLabelValues)}
}

// Timer implements client.MetricsHandler.
func (t tagged) Timer(name string) client.MetricsTimer {
	return timer{find(t, name, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    name + "_seconds",
			Help:    "Temporal SDK: " + name,
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}, labels[:])
	}, (*prometheus.HistogramVec).WithLabelValues)}
}

// find answers the metric called name with t's tags, made at first use.
func find[V prometheus.Collector, C any](t tagged, name string, make func() V, with func(V, ...string) C) C {
	key := child{name, t.values}
	if known, ok := t.metrics.children.Load(key); ok {
		return known.(C)
	}
	known, ok := t.metrics.vectors.Load(name)
	if !ok {
		var loaded bool
		if known, loaded = t.metrics.vectors.LoadOrStore(name, make()); !loaded {
			t.metrics.registry.MustRegister(known.(V))
		}
	}
	made, _ := t.metrics.children.LoadOrStore(key, with(known.(V), t.values[:]...))
	return made.(C)
}

type counter struct{ prometheus.Counter }

func (c counter) Inc(n int64) { c.Add(float64(n)) }

type gauge struct{ prometheus.Gauge }

func (g gauge) Update(v float64) { g.Set(v) }

type timer struct{ prometheus.Observer }

func (t timer) Record(d time.Duration) { t.Observe(d.Seconds()) }
