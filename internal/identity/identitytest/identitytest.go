// Package identitytest stands in for the user service in tests of services
// that verify tokens: it publishes a key set and signs tokens with it.
package identitytest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
)

// KID is the name of the issuer's only key.
const KID = "test"

// Issuer signs tokens and publishes its key at URL.
type Issuer struct {
	URL     string // of the key set
	Private ed25519.PrivateKey
	t       testing.TB
}

// New starts an Issuer that lasts as long as the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	document, err := json.Marshal(identity.KeySet{Keys: []identity.Key{identity.NewKey(KID, public)}})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(document)
	}))
	t.Cleanup(server.Close)
	return &Issuer{URL: server.URL, Private: private, t: t}
}

// Verifier verifies this issuer's tokens.
func (i *Issuer) Verifier(options ...identity.Option) *identity.Verifier {
	return identity.NewVerifier(i.URL, options...)
}

// Token is a token of user in role, valid for ten minutes.
func (i *Issuer) Token(user uuid.UUID, role identity.Role) string {
	i.t.Helper()
	token, err := identity.Sign(KID, i.Private, identity.Principal{UserID: user, Role: role}, time.Now(), 10*time.Minute)
	require.NoError(i.t, err)
	return token
}
