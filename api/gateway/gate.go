package gateway

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kassa/internal/httpapi"
	"kassa/internal/telemetry"
)

var (
	shed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_shed_total", Help: "Requests refused with 503 because their service was busy with others, by service and class.",
	}, []string{"service", "class"})
	delays = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "gateway_service_delay_seconds", Help: "How long work waits in a service, while it is busy; 0 when it is not.",
	}, []string{"service"})
)

func init() { telemetry.Registry.MustRegister(shed, delays) }

const (
	rested    = 64               // places that a class sees after a quiet time, when it may see as many
	yielded   = 2                // that browsing has to itself, however slow what matters more is
	saidEvery = 10 * time.Second // that a service is busy, in the log
)

// gate admits requests to one service while fewer are under way than one of their
// class may join. Nobody waits at it: a refusal costs next to nothing, and whoever
// is admitted is served about as fast as without the crowd outside.
type gate struct {
	service  string
	most     int64 // places
	underWay atomic.Int64
	peak     atomic.Int64             // of these since the last beat
	weighty  atomic.Int64             // of these, what matters more than browsing
	places   [len(tiers)]atomic.Int64 // what may be under way at present when one more of the class is admitted
	refusals [len(tiers)][3]error     // by class and by seconds to wait, less 1; made once
	said     atomic.Int64             // when the log was last told, Unix time in ns
	log      *zap.Logger

	mu     sync.Mutex
	last   time.Duration // the last delay of the service
	delay  time.Duration // the smaller of the last two
	atWork bool          // it said so in time
}

func newGate(service string, places int, log *zap.Logger) *gate {
	g := &gate{service: service, most: int64(places), log: log}
	for c := range tiers {
		g.places[c].Store(g.upTo(class(c)))
		cause := fmt.Errorf("service %s is busy, class %s", service, tiers[c].name)
		for i := range g.refusals[c] {
			g.refusals[c][i] = httpapi.ErrOverloaded.With("retry_after", 1+i).Because(cause)
		}
	}
	return g
}

// rest leaves every class the places that it has after a quiet time.
func (g *gate) rest() {
	for i := range tiers {
		if c := class(i); tiers[c].bears != 0 {
			g.places[c].Store(min(rested, g.upTo(c)))
		}
	}
}

// upTo is how many places a class may see at most.
func (g *gate) upTo(c class) int64 { return g.most * tiers[c].percent / 100 }

// full reports whether a request of the class would be refused.
func (g *gate) full(c class) bool { return g.refuses(c, g.underWay.Load()) }

// refuses reports whether one more of the class is refused beside n. Browsing has a
// few places that what matters more does not take.
func (g *gate) refuses(c class, n int64) bool {
	if c >= browsing && n-g.weighty.Load() < yielded {
		return n >= g.most
	}
	return n >= g.places[c].Load()
}

// enter takes a place when there is one. Who has one must leave.
func (g *gate) enter(c class) bool {
	for {
		n := g.underWay.Load()
		if g.refuses(c, n) {
			return false
		}
		if g.underWay.CompareAndSwap(n, n+1) {
			if c < browsing {
				g.weighty.Add(1)
			}
			for top := g.peak.Load(); n >= top && !g.peak.CompareAndSwap(top, n+1); {
				top = g.peak.Load()
			}
			return true
		}
	}
}

func (g *gate) leave(c class) {
	g.underWay.Add(-1)
	if c < browsing {
		g.weighty.Add(-1)
	}
}

// refuse is the answer to who finds no place. It spreads those who come again over
// a few seconds.
func (g *gate) refuse(c class) error {
	shed.WithLabelValues(g.service, tiers[c].name).Inc()
	now, last := time.Now().UnixNano(), g.said.Load()
	if now-last > int64(saidEvery) && g.said.CompareAndSwap(last, now) {
		delay, _ := g.felt()
		g.log.Warn("service is busy; requests that matter less are refused",
			zap.String("class", tiers[c].name), zap.Int64("under_way", g.underWay.Load()), zap.Duration("delay", delay))
	}
	return g.refusals[c][rand.IntN(len(g.refusals[c]))] //nolint:gosec // no secret
}

// feel takes note of the service's delay. One that is long says nothing on a busy
// machine, two in a row do.
func (g *gate) feel(delay time.Duration, atWork bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.delay, g.last, g.atWork = min(delay, g.last), delay, atWork
	delays.WithLabelValues(g.service).Set(g.delay.Seconds())
}

// felt is the delay of late, and whether the service is at work: one that says
// nothing is hung, which is its breaker's business.
func (g *gate) felt() (delay time.Duration, atWork bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.delay, g.atWork
}

// adapt narrows the gate for those classes that do not bear the delay. For the
// others it widens it while their places are taken, and has it go back to rest
// while they are not: what a sudden crowd finds open is what the service has to
// bear before a delay can be felt. elsewhere is the delay of the services that are
// at work on what matters more than browsing: it may be the same machine.
func (g *gate) adapt(elsewhere time.Duration) {
	own, _ := g.felt()
	n := g.underWay.Load()
	used := max(n, g.peak.Swap(n))
	for i := range tiers {
		c, t := class(i), &tiers[i]
		if t.bears == 0 {
			continue
		}
		now, most := g.places[c].Load(), g.upTo(c)
		delay, least := own, min(t.least, most)
		if c >= browsing {
			delay = max(own, elsewhere)
			if elsewhere > t.bears {
				least = yielded
			}
		}
		switch {
		case delay > t.bears:
			g.places[c].Store(max(min(now, n)*3/4, least))
		case delay >= t.bears*2/3:
			g.places[c].Store(max(now, least))
		case used >= now/2 || now < rested:
			g.places[c].Store(min(now+max(1, now/32), most))
		default:
			g.places[c].Store(min(max(now-max(1, now/64), rested), most))
		}
	}
}
