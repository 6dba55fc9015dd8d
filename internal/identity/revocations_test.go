package identity_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/bus"
	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
)

func TestWithdrawnTokensAreRefused(t *testing.T) {
	t.Parallel()
	issuer := identitytest.New(t)
	revoked := identity.NewRevocations()
	v := issuer.Verifier(revoked.Option())
	ada, ben := uuid.New(), uuid.New()
	phone, laptop := uuid.New(), uuid.New()
	now := time.Now().Truncate(time.Millisecond)
	token := func(user, session uuid.UUID, at time.Time) string {
		made, err := identity.Sign(identitytest.KID, issuer.Private, identity.Principal{UserID: user, Role: identity.Customer, SessionID: session}, at, 10*time.Minute)
		require.NoError(t, err)
		return made
	}
	good := func(bearer string) bool {
		_, err := v.Verify(t.Context(), bearer)
		if err != nil {
			require.ErrorIs(t, err, identity.ErrBadToken)
		}
		return err == nil
	}
	onPhone, onLaptop, bens := token(ada, phone, now), token(ada, laptop, now), token(ben, uuid.New(), now)
	require.True(t, good(onPhone) && good(onLaptop) && good(bens))

	revoked.Add(identity.Revocation{UserID: ada, SessionID: &phone, Before: now})
	require.False(t, good(onPhone), "though it was good, and is remembered, a moment ago")
	require.True(t, good(onLaptop))
	require.False(t, good(token(ada, phone, now.Add(time.Second))), "a session that ended gets no new tokens")

	revoked.Add(identity.Revocation{UserID: ada, Before: now})
	require.False(t, good(onLaptop))
	require.True(t, good(bens))
	require.True(t, good(token(ada, laptop, now.Add(5*time.Millisecond))), "made in the same second, after the withdrawal")
	revoked.Add(identity.Revocation{UserID: ada, Before: now.Add(-time.Hour)})
	require.False(t, good(onLaptop), "an older word that comes late changes nothing")
	revoked.Hear(cloudevent.Event{Data: []byte("nonsense")})
}

func TestAProcessHearsWhatWasWithdrawnBeforeItStarted(t *testing.T) {
	t.Parallel()
	broker := bustest.Run(t)
	b := broker.Connect()
	tell := func(session uuid.UUID) identity.Principal {
		who := identity.Principal{UserID: uuid.New(), Role: identity.Customer, SessionID: session}
		data, err := json.Marshal(identity.Revocation{UserID: who.UserID, SessionID: &session, Before: time.Now()})
		require.NoError(t, err)
		event, err := json.Marshal(cloudevent.Event{ID: uuid.New(), Type: identity.SessionsRevoked, Subject: session.String(), Sequence: 1, Data: data})
		require.NoError(t, err)
		_, err = b.Send(t.Context(), []bus.Document{{MessageID: uuid.NewString(), Type: identity.SessionsRevoked, Subject: session.String(), JSON: event}})
		require.NoError(t, err)
		return who
	}
	require.NoError(t, b.Ensure(t.Context()))
	before := tell(uuid.New())

	revoked := identity.NewRevocations()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- revoked.Follow(b)(ctx) }()
	heard := func(who identity.Principal) func() bool {
		return func() bool { return revoked.Revoked(who, time.Now().Add(-time.Minute)) }
	}
	require.Eventually(t, heard(before), 30*time.Second, 5*time.Millisecond)
	began := time.Now()
	require.Eventually(t, heard(tell(uuid.New())), 30*time.Second, 5*time.Millisecond)
	require.Less(t, time.Since(began), 15*time.Second, "a withdrawal takes effect within seconds")
	stop()
	require.NoError(t, <-done)
}

func TestAKeysTokenSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	issuer := identitytest.New(t)
	sign := func(scopes []string) identity.Principal {
		who := identity.Principal{UserID: uuid.New(), Role: identity.Admin, SessionID: uuid.New(), Scopes: scopes}
		token, err := identity.Sign(identitytest.KID, issuer.Private, who, time.Now(), time.Minute)
		require.NoError(t, err)
		got, err := issuer.Verifier().Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, who, got)
		return got
	}
	person := sign(nil)
	require.False(t, person.IsKey())
	require.True(t, person.Allows("orders:write"))
	key := sign([]string{"orders:read", "products:write"})
	require.True(t, key.IsKey())
	require.True(t, key.Allows("orders:read"))
	require.False(t, key.Allows("orders:write"))
	require.False(t, key.Allows("products:read"), "writing does not include reading")
	require.False(t, key.Allows(""))
	nothing := sign([]string{})
	require.True(t, nothing.IsKey(), "a key for nothing is no person")
	require.False(t, nothing.Allows("orders:read"))
}

func TestKeysAreRotatedWithoutSigningAnybodyOut(t *testing.T) {
	t.Parallel()
	_, old, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, fresh, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	public := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
	accepts := func(keys map[string]ed25519.PublicKey, kid string, private ed25519.PrivateKey) bool {
		token, err := identity.Sign(kid, private, identity.Principal{UserID: uuid.New(), Role: identity.Customer}, time.Now(), time.Minute)
		require.NoError(t, err)
		_, err = identity.NewVerifier("", identity.WithKeys(keys)).Verify(t.Context(), token)
		return err == nil
	}
	both := map[string]ed25519.PublicKey{"old": public(old), "new": public(fresh)}
	require.True(t, accepts(both, "old", old), "published beside the old one first")
	require.True(t, accepts(both, "new", fresh), "then signing")
	require.False(t, accepts(map[string]ed25519.PublicKey{"new": public(fresh)}, "old", old), "then alone")
	require.False(t, accepts(both, "new", old))
}
