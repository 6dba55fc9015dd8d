package gateway_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/ratelimit"
)

// tight are limits that a test reaches soon.
func tight(o *gateway.Options) {
	o.Limits = []ratelimit.Policy{
		{Name: "anonymous", Quota: 3, Window: 15 * time.Minute},
		{Name: "principal", Quota: 4, Window: time.Minute},
		{Name: "sign-in", Quota: 2, Window: time.Minute},
		{Name: "checkout", Quota: 1, Window: time.Minute},
	}
}

// limited opens a gateway with tight limits in front of services that echo.
func limited(t *testing.T, change func(*gateway.Options)) *edge {
	return open(t, func(o *gateway.Options) {
		echoing(t)(o)
		tight(o)
		if change != nil {
			change(o)
		}
	})
}

func (e *edge) tooMany(a answer, policy string, wait int) {
	e.t.Helper()
	e.refused(a, http.StatusTooManyRequests, "rate_limited")
	require.Equal(e.t, true, a.body["retryable"])
	told, err := strconv.Atoi(a.header.Get("Retry-After"))
	require.NoError(e.t, err)
	require.InDelta(e.t, wait, told, 3, "seconds; some may have passed")
	require.Contains(e.t, a.header.Get("RateLimit"), `"`+policy+`";r=0;`)
}

func TestWhoIsNotSignedInIsCountedByAddress(t *testing.T) {
	e := limited(t, nil)
	for _, left := range []string{"2", "1", "0"} {
		a := e.call("GET", "/api/v1/products", "", nil)
		require.Equal(t, 200, a.status)
		require.Equal(t, `"anonymous";q=3;w=900`, a.header.Get("RateLimit-Policy"))
		require.Regexp(t, `^"anonymous";r=`+left+`;t=[0-9]+$`, a.header.Get("RateLimit"))
	}
	e.tooMany(e.call("GET", "/api/v1/products", "", nil), "anonymous", 300)
	e.tooMany(e.call("GET", "/api/v1/products", "", headers{"Authorization": "Bearer a.b.c"}), "anonymous", 300)
	e.tooMany(e.call("GET", "/api/v1/dashboard/"+id.New().String(), "", nil), "anonymous", 300)

	a := e.call("GET", "/api/v1/products", "", headers{"Authorization": "Bearer " + e.issuer.Token(id.New(), identity.Customer)})
	require.Equal(t, 200, a.status, "who is signed in has limits of their own")
	require.Equal(t, `"principal";q=4;w=60`, a.header.Get("RateLimit-Policy"))
}

func TestWhoIsSignedInIsCountedByPerson(t *testing.T) {
	e := limited(t, nil)
	user := id.New()
	mine := headers{"Authorization": "Bearer " + e.issuer.Token(user, identity.Customer), "Idempotency-Key": "k"}
	again := headers{"Authorization": "Bearer " + e.issuer.Token(user, identity.Customer)}

	a := e.call("POST", "/api/v1/checkout", "{}", mine)
	require.Equal(t, 200, a.status)
	require.Equal(t, `"principal";q=4;w=60, "checkout";q=1;w=60`, a.header.Get("RateLimit-Policy"))
	require.Regexp(t, `^"principal";r=3;t=1[2-5], "checkout";r=0;t=(60|5[7-9])$`, a.header.Get("RateLimit"))
	e.tooMany(e.call("POST", "/api/v1/orders", "{}", mine), "checkout", 60)
	for range 3 {
		require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", again).status, "a refused checkout is not counted")
	}
	e.tooMany(e.call("GET", "/api/v1/services", "", again), "principal", 15)
	require.Equal(t, 200, e.call("GET", "/api/v1/orders", "", headers{"Authorization": "Bearer " + e.issuer.Token(id.New(), identity.Customer)}).status)
}

func TestSignInIsLimitedByAddress(t *testing.T) {
	e := limited(t, nil)
	for _, path := range []string{"login", "register"} {
		require.Equal(t, 200, e.call("POST", "/api/v1/users/"+path, "{}", nil).status)
	}
	signedIn := headers{"Authorization": "Bearer " + e.issuer.Token(id.New(), identity.Customer)}
	for _, path := range []string{"login", "register", "password/forgot", "password/reset"} {
		e.tooMany(e.call("POST", "/api/v1/users/"+path, "{}", signedIn), "sign-in", 30)
	}
}

func TestTheProviderAndTheLoadBalancerAreNeverLimited(t *testing.T) {
	e := limited(t, nil)
	for range 20 {
		for _, c := range []struct{ method, path string }{{"POST", "/api/v1/webhooks/stripe"}, {"GET", "/health"}, {"GET", "/ready"}} {
			a := e.call(c.method, c.path, "", nil)
			require.Equal(t, 200, a.status)
			require.Empty(t, a.header.Get("RateLimit"))
		}
	}
}

func TestALimitCanBeSwitchedOff(t *testing.T) {
	e := limited(t, func(o *gateway.Options) {
		var err error
		o.Limits, err = ratelimit.Override(o.Limits, "anonymous=off,checkout=off")
		require.NoError(t, err)
	})
	for range 20 {
		a := e.call("POST", "/api/v1/checkout", "{}", headers{"Idempotency-Key": "k"})
		require.Equal(t, 200, a.status)
		require.Empty(t, a.header.Get("RateLimit-Policy"))
	}
}

func TestRefusalsAreCounted(t *testing.T) {
	before := testutil.ToFloat64(gateway.Limited.WithLabelValues("anonymous"))
	e := limited(t, nil)
	for range 5 {
		e.call("GET", "/api/v1/products", "", nil)
	}
	require.InDelta(t, before+2, testutil.ToFloat64(gateway.Limited.WithLabelValues("anonymous")), 0.1)
}

// forwarded asks with the given lines of X-Forwarded-For.
func (e *edge) forwarded(lines ...string) answer {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), "GET", e.url+"/api/v1/products", http.NoBody)
	require.NoError(e.t, err)
	req.Header["X-Forwarded-For"] = lines
	req.Header.Set("Forwarded", "for=198.51.100.1")
	return e.do(req)
}

func TestASpoofedAddressResetsNoLimit(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies []netip.Prefix
		line    func(i string) []string
	}{
		{"without a proxy", nil, func(i string) []string { return []string{"203.0.113." + i} }},
		{"behind one, before its word", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func(i string) []string { return []string{"203.0.113." + i + ", 198.51.100.7"} }},
		{"in a line of its own", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func(i string) []string { return []string{"203.0.113." + i, "198.51.100.7"} }},
		{"as one of our proxies", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}, func(i string) []string { return []string{"10.0.0." + i + ", 198.51.100.7, 10.9.9.9"} }},
		{"nonsense", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func(i string) []string { return []string{"203.0.113." + i + ", <script>"} }},
		{"of one household", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func(i string) []string { return []string{"2001:db8:1:2::" + i} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := limited(t, func(o *gateway.Options) { o.Proxies = c.proxies })
			for _, i := range []string{"1", "2", "3"} {
				require.Equal(t, 200, e.forwarded(c.line(i)...).status)
			}
			for _, i := range []string{"4", "5", "6"} {
				e.tooMany(e.forwarded(c.line(i)...), "anonymous", 300)
			}
		})
	}
}

func TestServicesHearTheClientsAddress(t *testing.T) {
	for _, c := range []struct {
		name, heard string
		proxies     string // "" is none
		lines       []string
	}{
		{"from the connection", "127.0.0.1", "", []string{"203.0.113.9"}},
		{"from the connection, when the proxies are others", "127.0.0.1", "10.0.0.0/8", []string{"203.0.113.9"}},
		{"from a proxy", "203.0.113.9", "127.0.0.0/8", []string{"203.0.113.9"}},
		{"from a proxy that names a port", "203.0.113.9", "127.0.0.0/8", []string{"203.0.113.9:4711"}},
		{"from a proxy by IPv6", "2001:db8::9", "127.0.0.0/8", []string{"[2001:db8::9]:4711"}},
		{"from a proxy behind a proxy", "203.0.113.9", "127.0.0.0/8 10.0.0.0/8", []string{"1.2.3.4, 203.0.113.9,10.0.0.1"}},
		{"of the first proxy, when all are", "10.0.0.2", "127.0.0.0/8 10.0.0.0/8", []string{"10.0.0.2, 10.0.0.1"}},
		{"of a proxy that says nothing", "127.0.0.1", "127.0.0.0/8", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := open(t, func(o *gateway.Options) {
				echoing(t)(o)
				for _, text := range strings.Fields(c.proxies) {
					o.Proxies = append(o.Proxies, netip.MustParsePrefix(text))
				}
			})
			got := e.forwarded(c.lines...).body["headers"].(map[string]any)
			require.Equal(t, []any{c.heard}, got["X-Forwarded-For"])
		})
	}
}
