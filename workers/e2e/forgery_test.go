package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
	"kassa/sandbox/shopper"
)

// signingKey is the shop's own.
func signingKey(t *testing.T) (kid string, key ed25519.PrivateKey) {
	t.Helper()
	kid, encoded, _ := strings.Cut(strings.Split(where.Secrets.SigningKeys, ",")[0], ":")
	seed, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	return kid, ed25519.NewKeyFromSeed(seed)
}

// signed is an access token by the shop's own key, issued at a time of choice.
func signed(t *testing.T, p identity.Principal, at time.Time) string {
	t.Helper()
	kid, key := signingKey(t)
	token, err := identity.Sign(kid, key, p, at, 10*time.Minute)
	require.NoError(t, err)
	return token
}

// forgeries are values of the Authorization header that must let nobody in. The
// expired one is signed by the shop's own key.
func forgeries(t *testing.T, c *shopper.Customer) map[string]string {
	t.Helper()
	kid, ours := signingKey(t)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	somebody := identity.Principal{UserID: c.ID, Role: identity.Admin}
	sign := func(key ed25519.PrivateKey, kid string, from time.Time) string {
		token, err := identity.Sign(kid, key, somebody, from, 10*time.Minute)
		require.NoError(t, err)
		return token
	}
	good := sign(ours, kid, time.Now())
	require.Equal(t, 404, ask{method: "GET", path: "/api/v1/orders/" + c.ID.String(), token: good}.gateway(t).status, "the key is the right one")

	refresh, err := c.Refresh(t.Context())
	require.NoError(t, err)
	parts := strings.Split(good, ".")
	payload := func(change map[string]any) string {
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		require.NoError(t, err)
		claims := map[string]any{}
		require.NoError(t, json.Unmarshal(raw, &claims))
		for name, value := range change {
			claims[name] = value
		}
		return encode(t, claims)
	}
	public := ours.Public().(ed25519.PublicKey)
	resigned := func(header, change map[string]any) string {
		text := encode(t, header) + "." + payload(change)
		return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(ours, []byte(text)))
	}
	mac := hmac.New(sha256.New, public)
	hs256 := encode(t, map[string]any{"alg": "HS256", "kid": kid, "typ": "at+jwt"}) + "." + parts[1]
	mac.Write([]byte(hs256))
	eddsa := map[string]any{"alg": "EdDSA", "kid": kid, "typ": "at+jwt"}

	tokens := map[string]string{
		"a token that expired":                sign(ours, kid, time.Now().Add(-11*time.Minute)),
		"a token of the future":               resigned(eddsa, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"a token by another key":              sign(other, kid, time.Now()),
		"a token by a key unknown":            sign(ours, canary, time.Now()),
		"a token with another role":           parts[0] + "." + payload(map[string]any{"role": "support"}) + "." + parts[2],
		"a token for somebody else":           resigned(eddsa, map[string]any{"aud": canary}),
		"a token by somebody else":            resigned(eddsa, map[string]any{"iss": canary}),
		"a token for ever":                    resigned(eddsa, map[string]any{"exp": nil}),
		"a token of an unknown role":          resigned(eddsa, map[string]any{"role": canary}),
		"a token without a signature":         parts[0] + "." + parts[1] + ".",
		"a token of no algorithm":             encode(t, map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"a token signed with the public key":  hs256 + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"a token that says where its key is":  encode(t, map[string]any{"alg": "EdDSA", "kid": canary, "jku": where.PSP}) + "." + parts[1] + "." + parts[2],
		"a token with a certificate":          resigned(map[string]any{"alg": "EdDSA", "kid": canary, "typ": "at+jwt", "x5u": where.PSP + "/" + canary}, nil),
		"a token whose key is a file":         resigned(map[string]any{"alg": "EdDSA", "kid": "../../../../dev/null", "typ": "at+jwt"}, nil),
		"a token whose key is a query":        resigned(map[string]any{"alg": "EdDSA", "kid": "' OR 1=1 --", "typ": "at+jwt"}, nil),
		"a token that brings its key":         resigned(map[string]any{"alg": "EdDSA", "typ": "at+jwt", "jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}}, nil),
		"a token to refresh with":             resigned(map[string]any{"alg": "EdDSA", "kid": kid, "typ": "rt+jwt"}, nil),
		"a real token to refresh with":        refresh,
		"half a token":                        good[:len(good)/2],
		"no token at all":                     canary,
		"a token that a gateway cannot carry": strings.Repeat("x", 8000),
	}
	headers := map[string]string{"another scheme": "Basic " + canary, "a token without its scheme": good, "two tokens": "Bearer " + good + " " + good}
	for name, token := range tokens {
		headers[name] = "Bearer " + token
	}
	return headers
}

// reads are a request to each service, as the service itself knows it, that needs
// a token.
func reads(c *shopper.Customer) map[string]string {
	return map[string]string{
		"user": "/v1/users/" + c.ID.String(), "product": "/v1/products/export", "inventory": "/v1/reservations", "cart": "/v1/saved-items", "order": "/v1/users/" + c.ID.String() + "/orders",
		"payment": "/v1/payments/" + c.ID.String(), "notification": "/v1/notifications", "analytics": "/v1/recommendations",
	}
}

// TestForgedTokensOpenNoService goes past the gateway: every service looks at the
// token itself.
func TestForgedTokensOpenNoService(t *testing.T) {
	c := customer(t)
	forged := forgeries(t, c)
	good := tokenOf(t, c)
	for service, path := range reads(c) {
		for _, base := range where.Services[service] {
			r := ask{method: http.MethodGet, path: path, token: good}.at(t, base)
			require.Contains(t, []int{http.StatusOK, http.StatusForbidden, http.StatusNotFound}, r.status, "%s: %s", service, r.body)
			for name, value := range forged {
				r := ask{method: http.MethodGet, path: path, header: map[string]string{"Authorization": value}}.at(t, base)
				r.problem(t, http.StatusUnauthorized)
				require.NotContains(t, r.body, canary, "%s, %s", service, name)
			}
		}
	}
}

// TestANewPasswordTakesEffectEverywhere is about the session of somebody who knew
// the old one.
func TestANewPasswordTakesEffectEverywhere(t *testing.T) {
	c := customer(t)
	signIn := ask{method: http.MethodPost, path: "/api/v1/users/login", body: `{"email":"` + c.Email + `","password":"` + shopper.Password + `"}`}
	stolen := text(t, signIn.gateway(t).members(t), "access_token")
	r := ask{
		method: http.MethodPost, path: "/api/v1/users/password/change", token: tokenOf(t, c),
		body: `{"current_password":"` + shopper.Password + `","new_password":"another one, and a longer one"}`,
	}.gateway(t)
	require.Less(t, r.status, 300, r.body)
	for service, path := range reads(c) {
		for _, base := range where.Services[service] {
			require.Eventually(t, func() bool {
				return ask{method: http.MethodGet, path: path, token: stolen}.at(t, base).status == http.StatusUnauthorized
			}, soon, often, service)
		}
	}
	require.Equal(t, http.StatusUnauthorized, ask{method: http.MethodGet, path: "/api/v1/saved-items", token: stolen}.gateway(t).status)
	require.Equal(t, http.StatusUnauthorized, signIn.gateway(t).status, "the old password")
}

func encode(t *testing.T, value map[string]any) string {
	t.Helper()
	document, err := json.Marshal(value)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(document)
}
