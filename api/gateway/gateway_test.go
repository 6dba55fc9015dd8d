package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/api"
	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/process"
	"kassa/internal/ratelimit"
)

// upstream is a service that answers what it was asked.
func upstream(t testing.TB, name string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", r.Header.Get("X-Request-Id"))
		_ = json.NewEncoder(w).Encode(map[string]any{
			"service": name, "method": r.Method, "path": r.URL.EscapedPath(), "query": r.URL.RawQuery, "headers": r.Header, "body": string(body),
		})
	}))
	t.Cleanup(server.Close)
	return server
}

// edge is a gateway behind a real HTTP server.
type edge struct {
	t      testing.TB
	url    string
	issuer *identitytest.Issuer
	inside http.Handler
	watch  func() // begins to ask the instances how they are
	leave  func() // as at the end of its process
}

var services = gateway.ServiceNames()

// open starts a gateway in front of one echoing instance of every service;
// change may replace what it likes.
func open(t testing.TB, change func(*gateway.Options)) *edge {
	t.Helper()
	issuer := identitytest.New(t)
	o := gateway.Options{
		Services: map[string][]string{},
		Verifier: issuer.Verifier(),
		Document: api.Document,
		Limits:   generous,
		Health:   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		Ready:    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
	}
	for _, name := range services {
		o.Services[name] = []string{"http://127.0.0.1:1"} // nobody
	}
	if change != nil {
		change(&o)
	}
	g, err := gateway.New(o)
	require.NoError(t, err)
	leaving, leave := context.WithCancel(t.Context())
	server := httptest.NewUnstartedServer(g)
	server.Config.BaseContext = func(net.Listener) context.Context { return process.WithLeaving(context.Background(), leaving) }
	gateway.Bounds(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	watch := func() {
		watching, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = g.Watch(watching) }()
		t.Cleanup(func() { end(); <-done })
	}
	return &edge{t: t, url: server.URL, inside: g, issuer: issuer, watch: watch, leave: leave}
}

// echoing gives every service an instance that echoes.
func echoing(t testing.TB) func(*gateway.Options) {
	return func(o *gateway.Options) {
		for _, name := range services {
			o.Services[name] = []string{upstream(t, name).URL}
		}
	}
}

// generous are limits that no test reaches unless it means to.
var generous = []ratelimit.Policy{
	{Name: "anonymous", Quota: 1e6, Window: time.Minute},
	{Name: "principal", Quota: 1e6, Window: time.Minute},
	{Name: "sign-in", Quota: 1e6, Window: time.Minute},
	{Name: "checkout", Quota: 1e6, Window: time.Minute},
}

type headers map[string]string

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (e *edge) call(method, path, body string, h headers) answer {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.url+path, strings.NewReader(body))
	require.NoError(e.t, err)
	for name, value := range h {
		req.Header.Set(name, value)
	}
	return e.do(req)
}

func (e *edge) do(req *http.Request) answer {
	e.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req) //nolint:bodyclose // read does; it follows no redirect
	require.NoError(e.t, err)
	return e.read(res)
}

func (e *edge) read(res *http.Response) answer {
	e.t.Helper()
	defer func() { require.NoError(e.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(e.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		require.NoError(e.t, json.Unmarshal(raw, &a.body), a.raw)
	}
	return a
}

func (e *edge) refused(a answer, status int, code string) {
	e.t.Helper()
	require.Equal(e.t, status, a.status, a.raw)
	require.Equal(e.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(e.t, code, a.body["code"])
	require.Equal(e.t, "urn:uuid:"+a.header.Get("X-Request-Id"), a.body["instance"])
}

func TestEveryPathReachesItsService(t *testing.T) {
	e := open(t, echoing(t))
	some := id.New().String()
	for _, c := range []struct{ method, path, service, there string }{
		{"POST", "/api/v1/users/register", "user", "/v1/users/register"},
		{"POST", "/api/v1/users/login", "user", "/v1/users/login"},
		{"GET", "/api/v1/users/" + some, "user", "/v1/users/" + some},
		{"GET", "/api/v1/users/" + some + "/orders", "order", "/v1/users/" + some + "/orders"},
		{"GET", "/.well-known/jwks.json", "user", "/.well-known/jwks.json"},
		{"GET", "/api/v1/products", "product", "/v1/products"},
		{"GET", "/api/v1/products/search", "product", "/v1/products/search"},
		{"PUT", "/api/v1/products/" + some, "product", "/v1/products/" + some},
		{"GET", "/api/v1/products/" + some + "/variants", "product", "/v1/products/" + some + "/variants"},
		{"POST", "/api/v1/quotes", "product", "/v1/quotes"},
		{"GET", "/api/v1/products/" + some + "/inventory", "inventory", "/v1/products/" + some + "/inventory"},
		{"POST", "/api/v1/products/" + some + "/inventory/adjust", "inventory", "/v1/products/" + some + "/inventory/adjust"},
		{"GET", "/api/v1/reservations", "inventory", "/v1/reservations"},
		{"POST", "/api/v1/checkout", "order", "/v1/checkout"},
		{"GET", "/api/v1/orders", "order", "/v1/orders"},
		{"GET", "/api/v1/orders/" + some + "/timeline", "order", "/v1/orders/" + some + "/timeline"},
		{"POST", "/api/v1/orders/" + some + "/cancel", "order", "/v1/orders/" + some + "/cancel"},
		{"GET", "/api/v1/payments/" + some, "payment", "/v1/payments/" + some},
		{"POST", "/api/v1/payments/" + some + "/capture", "payment", "/v1/payments/" + some + "/capture"},
		{"POST", "/api/v1/webhooks/stripe", "payment", "/v1/webhooks/stripe"},
		{"GET", "/api/v1/ledger/entries", "payment", "/v1/ledger/entries"},
	} {
		a := e.call(c.method, c.path+"?a=1&b=%20;", "", headers{"Idempotency-Key": "k"})
		require.Equal(t, 200, a.status, "%s: %s", c.path, a.raw)
		require.Equal(t, []any{c.service, c.method, c.there, "a=1&b=%20;"}, []any{a.body["service"], a.body["method"], a.body["path"], a.body["query"]})
	}
}

func TestWhatIsNotInTheTableDoesNotExist(t *testing.T) {
	e := open(t, echoing(t))
	for _, path := range []string{
		"/api", "/api/", "/api/v1", "/api/v2/orders", "/api/v1/nothing", "/api/v1/internal/operations/ReserveStock",
		"/internal/operations/ReserveStock", "/api/internal/operations/ReserveStock", "/metrics", "/api/metrics", "/api/health",
		"/v1/orders", "/api/v1/usersx", "/api/v1/users/log%69n", "http://shop/metrics", "/docs/nothing", "/debug/pprof/",
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", e.url, http.NoBody)
		require.NoError(t, err)
		req.URL.Opaque = path // as it is
		e.refused(e.do(req), 404, "not_found")
	}
}

func TestServicesHearOnlyWhatTheGatewayVouchesFor(t *testing.T) {
	e := open(t, echoing(t))
	token := e.issuer.Token(id.New(), identity.Customer)
	a := e.call("POST", "/api/v1/quotes", `{"a":1}`, headers{
		"Authorization": "Bearer " + token, "Content-Type": "application/json", "Prefer": "wait=5", "If-Match": `"3"`,
		"X-Correlation-Id": "ticket-7", "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-User": "admin", "Forwarded": "for=203.0.113.9",
		"X-Real-Ip": "203.0.113.9", "X-Kassa-User": "1", "X-Internal-Token": "1", "X-Request-Id": id.New().String(), "Baggage": "a=b",
		"X-Original-Url": "/internal", "Connection": "close, X-Hop", "X-Hop": "1", "Te": "trailers", "Proxy-Authorization": "x",
	})
	require.Equal(t, 200, a.status, a.raw)
	got := a.body["headers"].(map[string]any)
	require.Equal(t, map[string]any{
		"Authorization": []any{"Bearer " + token}, "Content-Type": []any{"application/json"}, "Prefer": []any{"wait=5"}, "If-Match": []any{`"3"`},
		"X-Correlation-Id": []any{"ticket-7"}, "Traceparent": []any{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		"X-Forwarded-For": []any{"127.0.0.1"}, "X-Request-Id": []any{a.header.Get("X-Request-Id")},
		"Content-Length": []any{"7"}, "User-Agent": got["User-Agent"], "Accept-Encoding": []any{"gzip"}, "Te": []any{"trailers"},
	}, got)
	require.Equal(t, `{"a":1}`, a.body["body"])
	require.Equal(t, "ticket-7", a.header.Get("X-Correlation-Id"))
}

func TestEveryAnswerHasTheHeadersOfTheHouse(t *testing.T) {
	e := open(t, func(o *gateway.Options) {
		echoing(t)(o)
		o.PublicURL = "https://shop.example"
	})
	for _, path := range []string{"/api/v1/products", "/api/v1/nothing", "/docs", "/health"} {
		a := e.call("GET", path, "", headers{"X-Correlation-Id": "no good\x7f"[:7]})
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"), path)
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Equal(t, "max-age=31536000; includeSubDomains", a.header.Get("Strict-Transport-Security"), path)
		require.NotEmpty(t, a.header.Get("Cache-Control"), path)
		made, err := id.Parse(a.header.Get("X-Correlation-Id"))
		require.NoError(t, err, "one that cannot be accepted is replaced")
		require.Equal(t, made.String(), a.header.Get("X-Request-Id"))
		for name, values := range a.header {
			require.Len(t, values, 1, "%s of %s", name, path)
		}
	}
}

func TestBadTokensEndHere(t *testing.T) {
	e := open(t, nil) // nobody to ask
	token := e.issuer.Token(id.New(), identity.Customer)
	parts := strings.Split(token, ".")
	for name, value := range map[string]string{
		"tampered":       "Bearer " + parts[0] + "." + parts[1] + "x." + parts[2],
		"other role":     "Bearer " + parts[0] + ".eyJyb2xlIjoiYWRtaW4ifQ." + parts[2],
		"nonsense":       "Bearer a.b.c",
		"another scheme": "Basic YTpi",
		"empty":          "Bearer ",
		"two":            "Bearer " + token + " " + token,
	} {
		t.Run(name, func(t *testing.T) {
			a := e.call("GET", "/api/v1/orders", "", headers{"Authorization": value})
			e.refused(a, 401, "invalid_token")
			require.Equal(t, `Bearer realm="kassa", error="invalid_token"`, a.header.Get("Www-Authenticate"))
		})
	}
	e.refused(e.call("GET", "/api/v1/orders", "", headers{"Authorization": "Bearer " + token}), 503, "unavailable")
	e.refused(e.call("POST", "/api/v1/users/login", "{}", headers{"Authorization": "Bearer a.b.c"}), 503, "unavailable")
}

func TestAWithdrawnTokenEndsHereAlthoughItIsRemembered(t *testing.T) {
	revoked := identity.NewRevocations()
	issuer := identitytest.New(t)
	e := open(t, func(o *gateway.Options) { echoing(t)(o); o.Verifier = issuer.Verifier(revoked.Option()) })
	user := id.New()
	h := headers{"Authorization": "Bearer " + issuer.Token(user, identity.Customer)}
	for range 3 {
		require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", h).status)
	}
	revoked.Add(identity.Revocation{UserID: user, Before: time.Now()})
	e.refused(e.call("GET", "/api/v1/orders", "", h), 401, "invalid_token")
}

func TestWhatTheRouterRefusesIsAProblemToo(t *testing.T) {
	e := open(t, echoing(t))
	for _, c := range []struct{ method, path, allow string }{
		{"POST", "/health", "GET, HEAD"},
		{"DELETE", "/docs", "GET, HEAD"},
		{"POST", "/openapi.json", "GET, HEAD"},
		{"PUT", "/api/v1/services", "GET, HEAD"},
		{"OPTIONS", "/api/v1/dashboard/" + id.New().String(), "GET, HEAD"},
	} {
		a := e.call(c.method, c.path, "", headers{"X-Correlation-Id": "ticket-8"})
		e.refused(a, 405, "method_not_allowed")
		require.Equal(t, c.allow, a.header.Get("Allow"), c.path)
		require.Equal(t, "ticket-8", a.header.Get("X-Correlation-Id"))
		require.Equal(t, []string{"nosniff", "no-store"}, []string{a.header.Get("X-Content-Type-Options"), a.header.Get("Cache-Control")})
	}
}

func TestKeysAreRequiredWhereTheAPISaysSo(t *testing.T) {
	e := open(t, echoing(t))
	for _, path := range []string{"/checkout", "/orders", "/payments", "/orders/1/cancel", "/orders/1/returns", "/payments/1/refund", "/products/1/reserve"} {
		e.refused(e.call("POST", "/api/v1"+path, "{}", nil), 400, "idempotency_key_required")
	}
	for _, key := range []string{"", strings.Repeat("k", 256), "k\té", "ключ"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", e.url+"/api/v1/checkout", strings.NewReader("{}"))
		require.NoError(t, err)
		req.Header["Idempotency-Key"] = []string{key}
		e.refused(e.do(req), 400, "idempotency_key_malformed")
		req.Header["Idempotency-Key"] = []string{"a", "b"}
		req.Body = io.NopCloser(strings.NewReader("{}"))
		e.refused(e.do(req), 400, "idempotency_key_malformed")
	}
	require.Equal(t, 200, e.call("POST", "/api/v1/checkout", "{}", headers{"Idempotency-Key": strings.Repeat("k", 255)}).status)
	require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", nil).status, "reading needs none")
}

func TestBodiesAreBounded(t *testing.T) {
	e := open(t, echoing(t))
	fits := strings.Repeat("x", 1<<20)
	a := e.call("POST", "/api/v1/quotes", fits, nil)
	require.Equal(t, 200, a.status)
	require.Len(t, a.body["body"], len(fits))
	e.refused(e.call("POST", "/api/v1/quotes", fits+"x", nil), 413, "body_too_large")

	chunked := func(body string) answer {
		req, err := http.NewRequestWithContext(t.Context(), "POST", e.url+"/api/v1/quotes", io.MultiReader(strings.NewReader(body)))
		require.NoError(t, err)
		return e.do(req)
	}
	require.Equal(t, 200, chunked(fits).status)
	e.refused(chunked(fits+"x"), 413, "body_too_large")
}

func TestBrowsersOfAllowedOriginsMayCall(t *testing.T) {
	e := open(t, func(o *gateway.Options) {
		echoing(t)(o)
		o.Origins = []string{"https://shop.example"}
	})
	ask := func(origin string) answer {
		return e.call("OPTIONS", "/api/v1/checkout", "", headers{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key",
		})
	}
	yes := ask("https://shop.example")
	require.Equal(t, 204, yes.status)
	require.Equal(t, "https://shop.example", yes.header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, yes.header.Get("Access-Control-Allow-Credentials"))
	require.Empty(t, ask("https://evil.example").header.Get("Access-Control-Allow-Origin"))
	a := e.call("GET", "/api/v1/products", "", headers{"Origin": "https://shop.example"})
	require.Equal(t, "https://shop.example", a.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, a.header.Get("Access-Control-Expose-Headers"), "Idempotent-Replayed")
}

func TestHealth(t *testing.T) {
	e := open(t, nil)
	require.Equal(t, 200, e.call("GET", "/health", "", nil).status)
	require.Equal(t, 200, e.call("GET", "/ready", "", nil).status, "although no service is there")
}
