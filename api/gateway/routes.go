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
	key          keyRule       // what it does about the Idempotency-Key; the document says so
	wait         time.Duration // for an answer to begin; 0 means usual
	ignoresToken bool          // works with a token that has expired
	foreign      bool          // its token may be somebody else's; one of ours only says who it counts for
	stream       bool          // its answer may go on for hours
	limit        string        // the named limit that holds for it as well; "" is none
	unlimited    bool          // nothing is counted
}

// rules are by method and path; more come from the document (keys.go).
var rules = map[string]rule{
	"GET /.well-known/jwks.json":     {ignoresToken: true},
	"POST /v1/users/register":        {ignoresToken: true, limit: signIn},
	"POST /v1/users/login":           {ignoresToken: true, limit: signIn},
	"POST /v1/users/refresh":         {ignoresToken: true},
	"POST /v1/users/password/forgot": {ignoresToken: true, limit: signIn},
	"POST /v1/users/password/reset":  {ignoresToken: true, limit: signIn},
	"POST /v1/users/email/verify":    {ignoresToken: true},

	"POST /v1/checkout":                {wait: saga, limit: checkout},
	"POST /v1/orders":                  {wait: saga, limit: checkout},
	"POST /v1/orders/{id}/cancel":      {wait: saga},
	"POST /v1/orders/{id}/fulfilments": {wait: saga},
	"POST /v1/orders/{id}/returns":     {wait: saga},

	"GET /v1/orders/{id}/events": {stream: true},

	"POST /v1/payments":             {wait: saga},
	"POST /v1/payments/{id}/refund": {wait: saga},

	"POST /v1/webhooks/stripe": {unlimited: true, ignoresToken: true}, // the provider must not stop

	"POST /v1/products/import": {wait: saga}, // a thousand products to change
}
