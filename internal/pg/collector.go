package pg

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Collector tells how busy a pool is. A pool whose acquired connections stay at
// the most, while waits rise, is what a slow database looks like from here.
func Collector(pool *pgxpool.Pool) prometheus.Collector { return collector{pool} }

type collector struct{ pool *pgxpool.Pool }

var (
	poolConnections = prometheus.NewDesc("db_pool_connections", "Connections of the pool, by state.", []string{"state"}, nil)
	poolMost        = prometheus.NewDesc("db_pool_connections_max", "The most connections the pool may open.", nil, nil)
	poolAcquired    = prometheus.NewDesc("db_pool_acquires_total", "Connections handed out.", nil, nil)
	poolWaited      = prometheus.NewDesc("db_pool_waits_total", "Connections handed out after a wait, because none was idle.", nil, nil)
	poolGivenUp     = prometheus.NewDesc("db_pool_acquires_cancelled_total", "Waits for a connection that were given up.", nil, nil)
	poolWaitSeconds = prometheus.NewDesc("db_pool_acquire_seconds_total", "Time spent on getting connections.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.pool.Stat()
	out <- prometheus.MustNewConstMetric(poolConnections, prometheus.GaugeValue, float64(s.AcquiredConns()), "acquired")
	out <- prometheus.MustNewConstMetric(poolConnections, prometheus.GaugeValue, float64(s.IdleConns()), "idle")
	out <- prometheus.MustNewConstMetric(poolMost, prometheus.GaugeValue, float64(s.MaxConns()))
	out <- prometheus.MustNewConstMetric(poolAcquired, prometheus.CounterValue, float64(s.AcquireCount()))
	out <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, float64(s.EmptyAcquireCount()))
	out <- prometheus.MustNewConstMetric(poolGivenUp, prometheus.CounterValue, float64(s.CanceledAcquireCount()))
	out <- prometheus.MustNewConstMetric(poolWaitSeconds, prometheus.CounterValue, s.AcquireDuration().Seconds())
}
