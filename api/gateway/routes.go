package gateway

import "time"

// How long an answer may take to begin.
var (
	usual = 10 * time.Second
	saga  = 35 * time.Second // a client may ask to wait 30 s
)

// A route says who answers a path and everything below it. Of several routes
// that fit, the most specific decides.
type route struct {
	path    string // as the service serves it
	service string
}

var routes = []route{
	{"/v1/users", "user"},
	{"/v1/api-keys", "user"},
	{"/.well-known/jwks.json", "user"},

	{"/v1/products", "product"},
	{"/v1/categories", "product"},
	{"/v1/quotes", "product"},

	{"/v1/products/{id}/inventory", "inventory"},
	{"/v1/products/{id}/reserve", "inventory"},
	{"/v1/products/{id}/release", "inventory"},
	{"/v1/reservations", "inventory"},

	{"/v1/cart", "cart"},
	{"/v1/saved-items", "cart"},
	{"/v1/coupons", "cart"},

	{"/v1/checkout", "order"},
	{"/v1/orders", "order"},
	{"/v1/users/{id}/orders", "order"},
	{"/v1/returns", "order"},
	{"/v1/ops/orders", "order"},

	{"/v1/payments", "payment"},
	{"/v1/payments/{id}/refund", "order"}, // runs a saga
	{"/v1/ledger", "payment"},
	{"/v1/webhooks/stripe", "payment"},

	{"/v1/events", "analytics"},
	{"/v1/analytics", "analytics"},
	{"/v1/recommendations", "analytics"},
	{"/v1/products/{id}/related", "analytics"},
	{"/v1/notifications", "notification"},
	{"/v1/push-subscriptions", "notification"},
	{"/v1/webhook-endpoints", "notification"},
}

// A rule is what is special about one operation, on top of its route.
type rule struct {
	operation    string        // method and path
	keyed        bool          // needs an Idempotency-Key
	wait         time.Duration // for an answer to begin; 0 means usual
	ignoresToken bool          // works with a token that has expired
	foreign      bool          // its token may be somebody else's; one of ours only says who it counts for
	stream       bool          // its answer may go on for hours
	limit        string        // the named limit that holds for it as well; "" is none
	unlimited    bool          // nothing is counted
}

var rules = []rule{
	{operation: "GET /.well-known/jwks.json", ignoresToken: true},
	{operation: "POST /v1/users/register", ignoresToken: true, limit: signIn},
	{operation: "POST /v1/users/login", ignoresToken: true, limit: signIn},
	{operation: "POST /v1/users/refresh", ignoresToken: true},
	{operation: "POST /v1/users/password/forgot", ignoresToken: true, limit: signIn},
	{operation: "POST /v1/users/password/reset", ignoresToken: true, limit: signIn},
	{operation: "POST /v1/users/email/verify", ignoresToken: true},

	{operation: "POST /v1/checkout", keyed: true, wait: saga, limit: checkout},
	{operation: "POST /v1/orders", keyed: true, wait: saga, limit: checkout},
	{operation: "POST /v1/orders/{id}/cancel", keyed: true, wait: saga},
	{operation: "POST /v1/orders/{id}/fulfilments", keyed: true, wait: saga},
	{operation: "POST /v1/orders/{id}/returns", keyed: true, wait: saga},

	{operation: "GET /v1/orders/{id}/events", stream: true},

	{operation: "POST /v1/payments", keyed: true, wait: saga},
	{operation: "POST /v1/payments/{id}/capture", keyed: true},
	{operation: "POST /v1/payments/{id}/refund", keyed: true, wait: saga},

	{operation: "POST /v1/webhooks/stripe", unlimited: true, ignoresToken: true}, // the provider must not stop

	{operation: "POST /v1/products/import", wait: saga}, // a thousand products to change
	{operation: "POST /v1/products/{id}/reserve", keyed: true},
	{operation: "POST /v1/products/{id}/release", keyed: true},
}
