package identity_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
)

func TestAnIssuersTokenNamesItsPrincipal(t *testing.T) {
	t.Parallel()
	issuer := identitytest.New(t)
	v := issuer.Verifier()
	user, session := uuid.New(), uuid.New()
	token, err := identity.Sign(identitytest.KID, issuer.Private, identity.Principal{UserID: user, Role: identity.Support, SessionID: session}, time.Now(), time.Minute)
	require.NoError(t, err)
	for range 2 { // the second from memory
		got, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, identity.Principal{UserID: user, Role: identity.Support, SessionID: session}, got)
	}
	require.True(t, identity.Principal{UserID: user, Role: identity.Customer}.Owns(user))
	require.False(t, identity.Principal{UserID: user, Role: identity.Customer}.Owns(session))
	require.True(t, identity.Principal{UserID: user, Role: identity.Admin}.Owns(session))
}

// forge makes a token of the given header and claims, signed by sign.
func forge(t *testing.T, header, claims map[string]any, sign func(input string) []byte) string {
	t.Helper()
	part := func(v any) string {
		document, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(document)
	}
	input := part(header) + "." + part(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	issuer := identitytest.New(t)
	public := issuer.Private.Public().(ed25519.PublicKey)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	var outbound atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		outbound.Add(1)
		_ = json.NewEncoder(w).Encode(identity.KeySet{Keys: []identity.Key{identity.NewKey("evil", foreign.Public().(ed25519.PublicKey))}})
	}))
	t.Cleanup(evil.Close)

	ours := func(input string) []byte { return ed25519.Sign(issuer.Private, []byte(input)) }
	theirs := func(input string) []byte { return ed25519.Sign(foreign, []byte(input)) }
	hmac := func(key []byte) func(string) []byte {
		return func(input string) []byte {
			signature, err := jwt.SigningMethodHS256.Sign(input, key)
			require.NoError(t, err)
			return signature
		}
	}
	header := func(changes ...any) map[string]any {
		return changed(map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": identitytest.KID}, changes...)
	}
	now := time.Now()
	claims := func(changes ...any) map[string]any {
		return changed(map[string]any{
			"iss": "kassa", "aud": []string{"kassa"}, "sub": uuid.NewString(), "role": "admin",
			"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		}, changes...)
	}
	good := forge(t, header(), claims(), ours)
	v := issuer.Verifier()
	_, err = v.Verify(t.Context(), good)
	require.NoError(t, err, "the forger's tools must be able to make a good one")

	for name, token := range map[string]string{
		"empty":                   "",
		"words":                   "not.a.token",
		"four parts":              good + ".x",
		"endless":                 good + strings.Repeat("A", 5000),
		"alg none":                forge(t, header("alg", "none"), claims(), func(string) []byte { return nil }),
		"alg None":                forge(t, header("alg", "None"), claims(), func(string) []byte { return nil }),
		"HS256 with public key":   forge(t, header("alg", "HS256"), claims(), hmac(public)),
		"HS256 with empty key":    forge(t, header("alg", "HS256"), claims(), hmac([]byte{})),
		"another key, our kid":    forge(t, header(), claims(), theirs),
		"unknown kid":             forge(t, header("kid", "evil"), claims(), theirs),
		"no kid":                  forge(t, header("kid", nil), claims(), ours),
		"kid is a number":         forge(t, header("kid", 1), claims(), ours),
		"kid is a path":           forge(t, header("kid", "../../dev/null"), claims(), theirs),
		"jku":                     forge(t, header("kid", "evil", "jku", evil.URL), claims(), theirs),
		"x5u":                     forge(t, header("kid", "evil", "x5u", evil.URL), claims(), theirs),
		"jwk":                     forge(t, header("jwk", identity.NewKey("test", foreign.Public().(ed25519.PublicKey))), claims(), theirs),
		"wrong audience":          forge(t, header(), claims("aud", "elsewhere"), ours),
		"no audience":             forge(t, header(), claims("aud", nil), ours),
		"wrong issuer":            forge(t, header(), claims("iss", "elsewhere"), ours),
		"no issuer":               forge(t, header(), claims("iss", nil), ours),
		"expired":                 forge(t, header(), claims("exp", now.Add(-31*time.Second).Unix()), ours),
		"no expiry":               forge(t, header(), claims("exp", nil), ours),
		"not yet":                 forge(t, header(), claims("nbf", now.Add(time.Minute).Unix()), ours),
		"from the future":         forge(t, header(), claims("iat", now.Add(time.Hour).Unix()), ours),
		"no subject":              forge(t, header(), claims("sub", nil), ours),
		"subject is no id":        forge(t, header(), claims("sub", "admin"), ours),
		"nil subject":             forge(t, header(), claims("sub", uuid.Nil.String()), ours),
		"unknown role":            forge(t, header(), claims("role", "root"), ours),
		"no role":                 forge(t, header(), claims("role", nil), ours),
		"a refresh token":         forge(t, header("typ", "rt+jwt"), claims(), ours),
		"a token of another type": forge(t, header("typ", "secevent+jwt"), claims(), ours),
		"altered claims":          altered(good),
	} {
		_, err := v.Verify(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrBadToken, name)
	}
	require.Zero(t, outbound.Load(), "a token's own addresses must never be asked")

	late := forge(t, header(), claims("exp", now.Add(-20*time.Second).Unix()), ours)
	_, err = v.Verify(t.Context(), late)
	require.NoError(t, err, "two clocks may differ by 30 s")
}

// changed replaces members, or removes those set to nil.
func changed(m map[string]any, changes ...any) map[string]any {
	for i := 0; i < len(changes); i += 2 {
		if m[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(m, changes[i].(string))
		}
	}
	return m
}

// altered makes the bearer of a good token somebody else.
func altered(token string) string {
	parts := strings.Split(token, ".")
	claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), `"role":"admin"`, `"role":"support"`, 1)))
	return strings.Join(parts, ".")
}

// clock is a wall clock that the test moves.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.Load()) }
func (c *clock) forward(d time.Duration) { c.Add(int64(d)) }

// keySet serves a key set that the test changes, and counts who asks.
type keySet struct {
	*httptest.Server
	asked atomic.Int32
	set   atomic.Pointer[identity.KeySet] // nil answers 500
}

func serveKeys(t *testing.T, keys ...identity.Key) *keySet {
	t.Helper()
	k := &keySet{}
	k.set.Store(&identity.KeySet{Keys: keys})
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		k.asked.Add(1)
		set := k.set.Load()
		if set == nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(k.Close)
	return k
}

func key(t *testing.T, kid string) (ed25519.PrivateKey, identity.Key) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return private, identity.NewKey(kid, public)
}

func TestKeysRotateWithoutARestartAndForgeriesAskRarely(t *testing.T) {
	t.Parallel()
	oldPrivate, oldKey := key(t, "old")
	newPrivate, newKey := key(t, "new")
	served := serveKeys(t, oldKey)
	c := &clock{}
	c.Store(time.Now().UnixNano())
	v := identity.NewVerifier(served.URL, identity.WithClock(c.now))
	sign := func(kid string, private ed25519.PrivateKey) string {
		token, err := identity.Sign(kid, private, identity.Principal{UserID: uuid.New(), Role: identity.Customer}, c.now(), 10*time.Minute)
		require.NoError(t, err)
		return token
	}
	old := sign("old", oldPrivate)
	_, err := v.Verify(t.Context(), old)
	require.NoError(t, err)
	require.EqualValues(t, 1, served.asked.Load())

	for range 50 { // unknown names within 5 s ask nobody
		_, err = v.Verify(t.Context(), sign("new", newPrivate))
		require.ErrorIs(t, err, identity.ErrBadToken)
	}
	require.EqualValues(t, 1, served.asked.Load())

	served.set.Store(&identity.KeySet{Keys: []identity.Key{newKey, oldKey}})
	c.forward(6 * time.Second)
	_, err = v.Verify(t.Context(), sign("new", newPrivate))
	require.NoError(t, err)
	require.EqualValues(t, 2, served.asked.Load())

	served.set.Store(&identity.KeySet{Keys: []identity.Key{newKey}}) // the old one is withdrawn
	c.forward(6 * time.Minute)
	_, err = v.Verify(t.Context(), sign("new", newPrivate))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err = v.Verify(t.Context(), old)
		return errors.Is(err, identity.ErrBadToken)
	}, 30*time.Second, time.Millisecond, "what a withdrawn key signed is not remembered")

	served.set.Store(nil) // the user service is down: known keys go on
	c.forward(6 * time.Minute)
	_, err = v.Verify(t.Context(), sign("new", newPrivate))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), sign("other", oldPrivate))
	require.ErrorIs(t, err, fault.ErrUnavailable, "whether it is good cannot be known now")
}

func TestARememberedTokenExpiresAndCanBeRevoked(t *testing.T) {
	t.Parallel()
	private, public := key(t, "k")
	c := &clock{}
	c.Store(time.Now().UnixNano())
	var revoked atomic.Bool
	v := identity.NewVerifier(serveKeys(t, public).URL, identity.WithClock(c.now),
		identity.WithRevocation(func(identity.Principal, time.Time) bool { return revoked.Load() }))
	token, err := identity.Sign("k", private, identity.Principal{UserID: uuid.New(), Role: identity.Customer}, c.now(), time.Minute)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err)
	revoked.Store(true)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, identity.ErrBadToken)
	revoked.Store(false)
	c.forward(91 * time.Second)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, identity.ErrBadToken)
}

func TestWithoutKeysNothingCanBeSaid(t *testing.T) {
	t.Parallel()
	issuer := identitytest.New(t)
	v := identity.NewVerifier("http://127.0.0.1:1/jwks.json")
	_, err := v.Verify(t.Context(), issuer.Token(uuid.New(), identity.Customer))
	require.ErrorIs(t, err, fault.ErrUnavailable)
	_, err = v.Verify(t.Context(), "x.y.z")
	require.ErrorIs(t, err, identity.ErrBadToken)

	fixed := identity.NewVerifier("", identity.WithKeys(map[string]ed25519.PublicKey{identitytest.KID: issuer.Private.Public().(ed25519.PublicKey)}))
	_, err = fixed.Verify(t.Context(), issuer.Token(uuid.New(), identity.Customer))
	require.NoError(t, err)
}
