package user_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/internal/id"
)

func (s *shop) admin(t *testing.T) user.User {
	t.Helper()
	made, err := s.CreateAdmin(t.Context(), user.CreateAdminInput{Email: "root@example.com", Password: "a long secret", Name: "Root"})
	require.NoError(t, err)
	return made.User
}

func (s *shop) key(t *testing.T, owner uuid.UUID, key user.NewAPIKey) user.MadeAPIKey {
	t.Helper()
	made, err := s.CreateAPIKey(t.Context(), user.CreateAPIKeyInput{OwnerID: owner, NewAPIKey: key})
	require.NoError(t, err)
	return made
}

// exchanged are the claims of the token that a key is worth.
func (s *shop) exchanged(t *testing.T, key string) jwt.MapClaims {
	t.Helper()
	token, err := s.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: key})
	require.NoError(t, err)
	require.Equal(t, s.at.Add(time.Minute), token.ExpiresAt)
	claims := jwt.MapClaims{}
	_, _, err = jwt.NewParser().ParseUnverified(token.AccessToken, claims)
	require.NoError(t, err)
	return claims
}

func TestAnAPIKeyIsShownOnceAndExchanged(t *testing.T) {
	s := open(t, user.Limits{})
	root := s.admin(t)
	end := s.at.Add(24 * time.Hour)
	made := s.key(t, root.ID, user.NewAPIKey{Name: " Warehouse ", Role: user.RoleSupport, Scopes: []string{"orders:read", "inventory:write"}, ExpiresAt: &end})
	require.Regexp(t, `^kassa_[A-Za-z0-9_-]{43}$`, made.Key)
	want := user.APIKey{
		ID: made.ID, OwnerID: root.ID, Name: "Warehouse", Hint: made.Key[:12], Role: user.RoleSupport,
		Scopes: []string{"orders:read", "inventory:write"}, CreatedAt: s.at, ExpiresAt: &end,
	}
	require.Equal(t, user.MadeAPIKey{APIKey: want, Key: made.Key}, made)
	require.Zero(t, s.count(t, "SELECT count(*) FROM api_keys AS k WHERE k::text LIKE '%"+made.Key[12:]+"%'"))

	claims := s.exchanged(t, made.Key)
	require.Equal(t, "orders:read inventory:write", claims["scope"])
	require.Equal(t, "support", claims["role"])
	require.Equal(t, made.ID.String(), claims["sid"])
	require.Equal(t, root.ID.String(), claims["sub"])
	used := s.at
	s.at = s.at.Add(30 * time.Second)
	s.exchanged(t, made.Key)
	list, err := s.ListAPIKeys(t.Context(), user.ListAPIKeysInput{})
	require.NoError(t, err)
	want.LastUsedAt = &used
	require.Equal(t, []user.APIKey{want}, list.Keys, "use is noted to the minute")

	_, err = s.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: "kassa_nonsense"})
	require.ErrorIs(t, err, user.ErrBadKey)
	s.at = end
	_, err = s.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: made.Key})
	require.ErrorIs(t, err, user.ErrBadKey, "it has expired")
}

func TestAWithdrawnKeyIsRefused(t *testing.T) {
	s := open(t, user.Limits{})
	made := s.key(t, s.admin(t).ID, user.NewAPIKey{Name: "Warehouse", Scopes: []string{"orders:read"}})
	require.Equal(t, user.RoleAdmin, made.Role, "the owner's, when none is given")
	first, err := s.RevokeAPIKey(t.Context(), user.RevokeAPIKeyInput{KeyID: made.ID})
	require.NoError(t, err)
	s.at = s.at.Add(time.Hour)
	again, err := s.RevokeAPIKey(t.Context(), user.RevokeAPIKeyInput{KeyID: made.ID})
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = s.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: made.Key})
	require.ErrorIs(t, err, user.ErrBadKey)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.sessions_revoked' AND subject = '"+made.ID.String()+"'"))
	_, err = s.RevokeAPIKey(t.Context(), user.RevokeAPIKeyInput{KeyID: id.New()})
	require.ErrorIs(t, err, user.ErrKeyNotFound)
}

func TestAKeyIsWorthNoMoreThanItsOwner(t *testing.T) {
	s := open(t, user.Limits{})
	s.admin(t)
	made, err := s.CreateAdmin(t.Context(), user.CreateAdminInput{Email: "toor@example.com", Password: "a long secret", Name: "Toor"})
	require.NoError(t, err)
	key := s.key(t, made.User.ID, user.NewAPIKey{Name: "All", Role: user.RoleAdmin, Scopes: []string{"products:write"}})
	require.Equal(t, "admin", s.exchanged(t, key.Key)["role"])
	_, err = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: made.User.ID, IfVersion: 1, Role: user.RoleCustomer})
	require.NoError(t, err)
	require.Equal(t, "customer", s.exchanged(t, key.Key)["role"])

	soon := s.at
	for name, bad := range map[string]user.NewAPIKey{
		"no name":               {Scopes: []string{"orders:read"}},
		"no scope":              {Name: "a"},
		"a scope that is none":  {Name: "a", Scopes: []string{"orders"}},
		"two scopes in one":     {Name: "a", Scopes: []string{"orders:read orders:write"}},
		"a role above":          {Name: "a", Role: user.RoleSupport, Scopes: []string{"orders:read"}},
		"a role that is none":   {Name: "a", Role: "root", Scopes: []string{"orders:read"}},
		"an end that has been":  {Name: "a", Scopes: []string{"orders:read"}, ExpiresAt: &soon},
		"too many scopes in it": {Name: "a", Scopes: make([]string, 51)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.CreateAPIKey(t.Context(), user.CreateAPIKeyInput{OwnerID: made.User.ID, NewAPIKey: bad})
			require.ErrorIs(t, err, user.ErrKeyInvalid)
		})
	}
}

func TestKeysAreListedInPages(t *testing.T) {
	s := open(t, user.Limits{})
	root := s.admin(t)
	var made []uuid.UUID
	for range 3 {
		made = append(made, s.key(t, root.ID, user.NewAPIKey{Name: "k", Scopes: []string{"orders:read"}}).ID)
	}
	page, err := s.ListAPIKeys(t.Context(), user.ListAPIKeysInput{Limit: 2})
	require.NoError(t, err)
	require.True(t, page.More)
	require.Equal(t, []uuid.UUID{made[2], made[1]}, []uuid.UUID{page.Keys[0].ID, page.Keys[1].ID})
	page, err = s.ListAPIKeys(t.Context(), user.ListAPIKeysInput{Limit: 2, Before: &made[1]})
	require.NoError(t, err)
	require.False(t, page.More)
	require.Equal(t, made[0], page.Keys[0].ID)
}
