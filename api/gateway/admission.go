package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kassa/internal/httpapi"
	"kassa/internal/telemetry"
)

// class is how much a request matters when not all can be served; the first
// matters most.
type class int

// The classes.
const (
	settling class = iota // the provider's word on money that moves
	watching              // where an order or a payment stands, and what moves one that exists
	buying                // new checkouts, and the sign-in before them
	filling               // carts
	browsing              // everything else
	idling                // dashboards, and what visitors looked at
)

// tiers say for each class its name, and up to how many percent of a service's
// places requests of the class and those below may take. What is left above is
// free for the classes before it.
var tiers = [...]struct {
	name    string
	percent int64
}{
	settling: {"settling", 100},
	watching: {"watching", 90},
	buying:   {"buying", 80},
	filling:  {"filling", 70},
	browsing: {"browsing", 60},
	idling:   {"idling", 40},
}

// A rank gives the requests to a path and below their class. Of several that
// fit, the most specific decides.
type rank struct {
	path          string
	reads, writes class
}

var ranks = []rank{
	{"/v1/webhooks", settling, settling},
	{"/v1/orders", watching, watching}, // new ones are below
	{"/v1/users/{id}/orders", watching, watching},
	{"/v1/returns", watching, watching},
	{"/v1/ops", watching, watching},
	{"/v1/payments", watching, watching},
	{"/v1/checkout", buying, buying},
	{"/v1/users/login", buying, buying},
	{"/v1/users/register", buying, buying},
	{"/v1/users/refresh", buying, buying},
	{"/v1/cart", browsing, filling},
	{"/v1/saved-items", browsing, filling},
	{"/v1/events", idling, idling},
	{"/v1/analytics", idling, idling},
	{"/v1/recommendations", idling, idling},
	{"/v1/products/{id}/related", idling, idling},
	{"/v1/dashboard", idling, idling},
}

// classes of the requests to a path as its service serves it.
func classes(path string) (reads, writes class) {
	best := rank{reads: browsing, writes: browsing}
	for _, r := range ranks {
		if covered(r.path, path) > covered(best.path, path) {
			best = r
		}
	}
	return best.reads, best.writes
}

var shed = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "gateway_shed_total", Help: "Requests refused with 503 because their service was busy with others, by service and class.",
}, []string{"service", "class"})

func init() { telemetry.Registry.MustRegister(shed) }

const saidEvery = 10 * time.Second // that a service is busy, in the log

// gate admits requests to one service while fewer are under way than their class
// may fill. Nobody waits at it: a refusal costs next to nothing, and whoever is
// admitted is served about as fast as without the crowd outside.
type gate struct {
	service  string
	places   int64
	underWay atomic.Int64
	said     atomic.Int64 // when the log was last told, Unix time in ns
	log      *zap.Logger
}

func newGate(service string, places int, log *zap.Logger) *gate {
	return &gate{service: service, places: int64(places), log: log}
}

// full reports whether a request of the class would be refused.
func (g *gate) full(c class) bool { return g.underWay.Load() >= g.places*tiers[c].percent/100 }

// enter takes a place when there is one. Who has one must leave.
func (g *gate) enter(c class) bool {
	for {
		n := g.underWay.Load()
		if n >= g.places*tiers[c].percent/100 {
			return false
		}
		if g.underWay.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (g *gate) leave() { g.underWay.Add(-1) }

// refuse is the answer to who finds no place. It spreads those who come again over
// a few seconds.
func (g *gate) refuse(c class) error {
	shed.WithLabelValues(g.service, tiers[c].name).Inc()
	now, last := time.Now().UnixNano(), g.said.Load()
	if now-last > int64(saidEvery) && g.said.CompareAndSwap(last, now) {
		g.log.Warn("service is busy; requests that matter less are refused",
			zap.String("class", tiers[c].name), zap.Int64("under_way", g.underWay.Load()))
	}
	return httpapi.ErrOverloaded.With("retry_after", 1+rand.IntN(3)).
		Because(fmt.Errorf("service %s is busy, class %s", g.service, tiers[c].name))
}

// class of a request.
func (p *passage) class(method string) class {
	if method == http.MethodGet || method == http.MethodHead {
		return p.reads
	}
	return p.writes
}
