package gateway

import (
	"net/http"
	"time"
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

// tiers say what holds for each class. least and percent bound how many requests
// may be under way to a service, of all classes, when one more of this class is
// admitted; between them the gate follows the service's delay. The less a class
// matters, the less of that it bears before it is cut.
var tiers = [...]struct {
	name    string
	percent int64         // of the service's places
	least   int64         // places, however slow the service is
	bears   time.Duration // of a service's delay; 0 bears all
}{
	settling: {"settling", 100, 0, 0},
	watching: {"watching", 90, 64, 250 * time.Millisecond},
	buying:   {"buying", 80, 16, 180 * time.Millisecond},
	filling:  {"filling", 70, 12, 150 * time.Millisecond},
	browsing: {"browsing", 60, 8, 100 * time.Millisecond},
	idling:   {"idling", 40, 4, 80 * time.Millisecond},
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

// class of a request.
func (p *passage) class(method string) class {
	if method == http.MethodGet || method == http.MethodHead {
		return p.reads
	}
	return p.writes
}
