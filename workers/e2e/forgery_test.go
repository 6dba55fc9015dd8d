package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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

func encode(t *testing.T, value map[string]any) string {
	t.Helper()
	document, err := json.Marshal(value)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(document)
}
