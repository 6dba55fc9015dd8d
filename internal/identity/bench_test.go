package identity_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
)

// BenchmarkVerify is what a token costs when it is seen for the first time, and
// when it is remembered.
func BenchmarkVerify(b *testing.B) {
	issuer := identitytest.New(b)
	v := issuer.Verifier(identity.NewRevocations().Option())
	p := identity.Principal{UserID: uuid.New(), Role: identity.Customer, SessionID: uuid.New()}
	sign := func() string {
		token, err := identity.Sign(identitytest.KID, issuer.Private, p, time.Now(), 10*time.Minute)
		require.NoError(b, err)
		return token
	}
	b.Run("first", func(b *testing.B) {
		tokens := make([]string, b.N) // each with an id of its own
		for i := range tokens {
			tokens[i] = sign()
		}
		b.ReportAllocs()
		b.ResetTimer()
		for _, token := range tokens {
			_, err := v.Verify(b.Context(), token)
			require.NoError(b, err)
		}
	})
	b.Run("remembered", func(b *testing.B) {
		token := sign()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
