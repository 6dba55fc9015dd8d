package gateway

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"
	"go.uber.org/zap"

	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/operations"
	"kassa/internal/process"
	"kassa/internal/ratelimit"
)

// Options are what the gateway needs from its process.
type Options struct {
	Services  map[string][]string // service → addresses of its instances, see internal/discovery
	Names     *net.Resolver       // looks them up; nil for the machine's own
	Verifier  *identity.Verifier
	Document  []byte             // the OpenAPI document of the whole API, YAML
	PublicURL string             // where clients find the gateway; https means that TLS ends in front of it
	Origins   []string           // whose pages may call the API from a browser; none when empty
	Proxies   []netip.Prefix     // whose word about the client's address is taken; nobody's when empty
	Limiter   *ratelimit.Limiter // counts requests; nil makes one
	Limits    []ratelimit.Policy // nil means Limits
	Streams   int                // that one customer, or one address, may hold at a time; 0 means 10
	LegacyURL string             // who answers what nothing of ours does under /api; "" for nobody
	Legacy    []LegacyShare      // what it answers although we could
	SignIns   []string           // paths of its own where people sign in, like /v1/account/login
	Caller    *operations.Caller
	Health    http.HandlerFunc
	Ready     http.HandlerFunc
	Status    func(ctx context.Context) process.Status // of the gateway itself
	Log       *zap.Logger
}

// Gateway is the edge as an http.Handler.
type Gateway struct {
	verifier *identity.Verifier
	keys     *keyDesk
	proxies  []netip.Prefix
	limiter  *ratelimit.Limiter
	limits   []ratelimit.Policy
	streams  *holders
	watched  []*service
	old      *oldShop // nil without one
	secure   bool     // clients come by TLS
	inner    http.Handler
}

// New makes the gateway, or says what in the options cannot be used.
func New(o Options) (*Gateway, error) {
	o.Log = cmp.Or(o.Log, zap.NewNop())
	g := &Gateway{verifier: o.Verifier, secure: strings.HasPrefix(o.PublicURL, "https://")}
	g.proxies, g.limiter, g.limits = o.Proxies, o.Limiter, o.Limits
	if g.limiter == nil {
		g.limiter = ratelimit.New()
	}
	if g.limits == nil {
		g.limits = Limits
	}
	g.streams = newHolders(cmp.Or(o.Streams, streamsEach))
	g.keys = newKeyDesk(o.Caller, g.limiter, g.limits)
	document, err := toJSON(o.Document)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	mux := httpapi.NewMux(o.Log)
	mux.Check(proper)
	if err := g.routes(mux, o, document); err != nil {
		return nil, err
	}
	if err := documentation(mux, document); err != nil {
		return nil, err
	}
	// Ready as soon as it runs: that one service is out must not take the others
	// off the net.
	mux.HandleFunc("GET /health", o.Health)
	mux.HandleFunc("GET /ready", o.Ready)
	g.inner = mux
	if len(o.Origins) > 0 {
		g.inner = browsers(o.Origins).Handler(mux)
	}
	return g, nil
}

// routes mounts every service at its paths, and what is special about an
// operation at its own.
func (g *Gateway) routes(mux *httpapi.Mux, o Options, document []byte) error {
	services := map[string]*service{}
	for name, addresses := range o.Services {
		s, err := newService(name, addresses, o.Names, o.Log)
		if err != nil {
			return err
		}
		s.places.rest()
		services[name] = s
		g.watched = append(g.watched, s)
	}
	itself := g.passage(nil, "", rule{})
	own := httpapi.New(httpapi.Options{
		Service: "gateway", Prefix: httpapi.PublicPrefix, Verifier: o.Verifier, Log: o.Log, Mux: mux, Before: itself.before,
	})
	Register(own, &Desk{services: services, caller: o.Caller, status: o.Status})
	for _, r := range routes {
		if services[r.service] == nil {
			return fmt.Errorf("no address is configured for service %s", r.service)
		}
		handler := g.passage(services[r.service], r.path, rule{wait: usual})
		mux.Handle(public(r.path), handler)
		mux.Handle(public(r.path)+"/{rest...}", handler)
	}
	if o.LegacyURL != "" {
		legacy, err := newService("legacy", []string{o.LegacyURL}, o.Names, o.Log)
		if err != nil {
			return err
		}
		g.old = g.newOldShop(legacy, o.Legacy, o.SignIns)
		mux.Handle(httpapi.PublicPrefix+"/{rest...}", &g.old.passage)
	}
	special, err := ruled(document)
	if err != nil {
		return err
	}
	for operation, r := range special {
		method, path, _ := strings.Cut(operation, " ")
		r.wait = cmp.Or(r.wait, usual)
		mux.Handle(method+" "+public(path), g.passage(services[serving(path)], path, r))
	}
	return nil
}

// public is where clients find a service's path.
func public(path string) string {
	if strings.HasPrefix(path, "/v1/") {
		return httpapi.PublicPrefix + path
	}
	return path
}

// serving is the service whose route covers the path of a rule best.
func serving(path string) string {
	best := slices.MaxFunc(routes, func(a, b route) int {
		return cmp.Compare(covered(a.path, path), covered(b.path, path))
	})
	return best.service
}

// covered is how many bytes of path the route takes; -1 when it does not fit.
func covered(route, path string) int {
	if path != route && !strings.HasPrefix(path, route+"/") {
		return -1
	}
	return len(route)
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Ours to give: what a client sends as its request id counts for nothing.
	delete(r.Header, httpapi.RequestIDHeader)
	if r.ContentLength != 0 { // an answer waits for the rest of the body, a refusal too
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(arrivesIn))
	}
	if g.secure {
		w.Header()["Strict-Transport-Security"] = strictTransport
	}
	g.inner.ServeHTTP(w, r)
}

var strictTransport = []string{"max-age=31536000; includeSubDomains"}

// browsers says what a page of another origin may do. It sends its token itself;
// cookies play no part, so credentials stay off.
func browsers(origins []string) *cors.Cors {
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Prefer",
			"Traceparent", "Tracestate", "X-API-Key", "X-Cart-Token", "X-Correlation-Id",
		},
		ExposedHeaders: []string{
			"ETag", "Idempotent-Replayed", "Link", "Location", "Preference-Applied", "RateLimit", "RateLimit-Policy",
			"Retry-After", "WWW-Authenticate", "X-Cart-Token", "X-Correlation-Id", "X-Request-Id",
		},
		MaxAge: 600,
	})
}
