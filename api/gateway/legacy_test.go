package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/api/gateway"
	"kassa/internal/id"
	"kassa/internal/identity"
)

// replacing is a gateway in front of services that echo, and of an old shop that
// keeps shares.
func replacing(t *testing.T, shares ...string) *edge {
	t.Helper()
	parsed, err := gateway.ParseLegacyShares(shares)
	require.NoError(t, err)
	old := played(t, map[string]http.HandlerFunc{"/api/v1/": func(w http.ResponseWriter, r *http.Request) {
		says(200, `{"service":"old","path":"`+r.URL.Path+`"}`)(w, r)
	}})
	return open(t, func(o *gateway.Options) { echoing(t)(o); o.LegacyURL, o.Legacy = old, parsed })
}

func (e *edge) who(path string, h headers) string {
	e.t.Helper()
	a := e.call("GET", "/api"+path, "", h)
	require.Equal(e.t, 200, a.status, a.raw)
	return a.body["service"].(string)
}

func TestTheOldShopKeepsWhatItIsGiven(t *testing.T) {
	e := replacing(t, "/v1/products=100", "/v1/products/search=0", "/v1/orders=0")
	require.Equal(t, "old", e.who("/v1/products", nil))
	require.Equal(t, "old", e.who("/v1/products/7", headers{"Authorization": "Basic of-its-own"}))
	require.Equal(t, "old", e.who("/v1/products/7/inventory", nil), "whichever service would answer it")
	require.Equal(t, "product", e.who("/v1/products/search", nil), "the longer path counts")
	require.Equal(t, "order", e.who("/v1/orders", nil))
	require.Equal(t, "cart", e.who("/v1/cart", nil), "what nobody shares is ours")
	require.Equal(t, "old", e.who("/v1/wishlists", nil), "and what is not ours is the old shop's")
	require.Equal(t, "/api/v1/products/7", e.call("GET", "/api/v1/products/7", "", nil).body["path"], "as clients know it")
}

func TestAVisitorAlwaysGoesTheSameWay(t *testing.T) {
	few, more := replacing(t, "/v1/cart=25"), replacing(t, "/v1/cart=60")
	visitors := map[string]func() headers{
		"principals": func() headers {
			return headers{"Authorization": "Bearer " + few.issuer.Token(id.New(), identity.Customer)}
		},
		"guests with a cart": func() headers { return headers{"X-Cart-Token": id.New().String()} },
	}
	for name, visitor := range visitors {
		old := 0
		for range 400 {
			h := visitor()
			first := few.who("/v1/cart", h)
			require.Equal(t, first, few.who("/v1/cart/shipping-options", h), "on every path below")
			if first == "old" {
				old++
			}
			if _, guest := h["X-Cart-Token"]; guest && first == "old" {
				require.Equal(t, "old", more.who("/v1/cart", h), "and through another gateway: who is new stays new when the share gets smaller")
			}
		}
		require.InDelta(t, 100, old, 45, name) // 5 standard deviations
	}
	first := few.who("/v1/cart", nil)
	for range 20 {
		require.Equal(t, first, few.who("/v1/cart", nil), "a guest without a cart by the address")
	}
	user := id.New()
	first = few.who("/v1/cart", headers{"Authorization": "Bearer " + few.issuer.Token(user, identity.Customer)})
	for range 20 {
		h := headers{"Authorization": "Bearer " + few.issuer.Token(user, identity.Customer), "X-Cart-Token": id.New().String()}
		require.Equal(t, first, few.who("/v1/cart", h), "with another token, and whatever the cart")
	}
}

func TestAtTheOldShopCustomersAreCountedAsThemselves(t *testing.T) {
	old := played(t, map[string]http.HandlerFunc{"/api/v1/": says(200, "{}")})
	e := open(t, func(o *gateway.Options) { echoing(t)(o); tight(o); o.LegacyURL = old })
	for _, c := range []struct{ authorization, policy string }{
		{"Bearer " + e.issuer.Token(id.New(), identity.Customer), `"principal";q=4;w=60`},
		{"Bearer of-its-own", `"anonymous";q=3;w=900`},
		{"Basic of-its-own", `"anonymous";q=3;w=900`},
	} {
		a := e.call("GET", "/api/v1/wishlists", "", headers{"Authorization": c.authorization})
		require.Equal(t, 200, a.status, a.raw)
		require.Equal(t, c.policy, a.header.Get("RateLimit-Policy"), c.authorization)
	}
}

func TestWhatAShareOfTheOldShopMayBe(t *testing.T) {
	for text, refused := range map[string]string{
		"/v1/products=100": "", " /v1/orders/{id}/events=0 ": "", "/v1/users/{id}=7": "",
		"/v1/products": "is not like", "/v1/products=101": "is not like", "/v1/products=-1": "is not like", "/v1/products=1.5": "is not like",
		"=5": "no service answers", "/=5": "no service answers", "/v1/=5": "no service answers", "/v1/products/=5": "no service answers",
		"/v1/wishlists=5": "no service answers", "/v1/dashboard=5": "no service answers", "/v1/product=5": "no service answers",
	} {
		_, err := gateway.ParseLegacyShares([]string{text})
		if refused == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, refused, text)
	}
	_, err := gateway.ParseLegacyShares([]string{"/v1/cart=5", "/v1/cart=6"})
	require.ErrorContains(t, err, "twice")
}

func TestTheOldShopsSignInsAreLimited(t *testing.T) {
	old := played(t, map[string]http.HandlerFunc{"/api/v1/": says(200, "{}")})
	e := open(t, func(o *gateway.Options) {
		echoing(t)(o)
		tight(o)
		o.LegacyURL, o.SignIns = old, []string{"/v1/account/login", "/v1/session"}
	})
	require.Equal(t, 200, e.call("POST", "/api/v1/account/login", "{}", nil).status)
	require.Equal(t, 200, e.call("POST", "/api/v1/session", "{}", nil).status)
	for _, spelling := range []string{"/api/v1/account/login", "/api/v1/account/log%69n", "/api/v1/account/login.json", "/api/v1/session"} {
		e.tooMany(e.call("POST", spelling, "{}", nil), "sign-in", 30)
	}
	e.tooMany(e.call("POST", "/api/v1/users/login", "{}", nil), "sign-in", 30)
	require.Equal(t, 200, e.call("GET", "/api/v1/account/login", "", nil).status, "whoever looks at the page guesses nothing")
	require.NotContains(t, e.call("OPTIONS", "/api/v1/account/login", "", nil).header.Get("RateLimit-Policy"), "sign-in", "nor does a preflight")
}

func TestWhereTheOldShopsSignInsMayBe(t *testing.T) {
	for p, refused := range map[string]string{
		"/v1/account/login": "", "/login": "",
		"": "is not like", "login": "is not like", "/v1//login": "is not like", "/v1/login/": "is not like", "/v1/{x}/login": "is not like", "/v1/../login": "is not like",
		"/v1/users/login": "a service answers", "/v1/users/legacy-login": "a service answers",
	} {
		err := gateway.CheckLegacySignIns([]string{p})
		if refused == "" {
			require.NoError(t, err, p)
			continue
		}
		require.ErrorContains(t, err, refused, p)
	}
	require.ErrorContains(t, gateway.CheckLegacySignIns([]string{"/login", "/login"}), "twice")
}

func TestTheOldShopSeesEscapesAsTheyCame(t *testing.T) {
	old := played(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		says(200, `{"asked":"`+r.RequestURI+`"}`)(w, r)
	}})
	shares, err := gateway.ParseLegacyShares([]string{"/v1/products=100"})
	require.NoError(t, err)
	for _, base := range []string{"", "/shop", "/an%20old%20shop"} {
		e := open(t, func(o *gateway.Options) { echoing(t)(o); o.LegacyURL, o.Legacy = old+base, shares })
		for _, path := range []string{"/api/v1/wishlists/a%20b;c=1", "/api/v1/products/a%2Cb?c=%2F..%2f", "/api/v1/wishlists/caf%C3%A9", "/api/v1/wishlists/%7Eme"} {
			require.Equal(t, base+path, e.call("GET", path, "", nil).body["asked"])
		}
		e.refused(e.call("GET", "/api/v1/orders/a%2Cb", "", nil), 404, "not_found")
		for _, given := range []string{"/api/v1/Orders", "/api/v1/orders;a=1", "/api/V1/orders/1", "/api/v1/checkout./1"} {
			e.refused(e.call("POST", given, "{}", nil), 404, "not_found")
		}
		require.Equal(t, base+"/api/v1/Products;a=1", e.call("GET", "/api/v1/Products;a=1", "", nil).body["asked"], "it is still its own")
	}
}
