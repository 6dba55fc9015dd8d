package user_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/internal/id"
)

func TestErasingLeavesNothingOfAPerson(t *testing.T) {
	s := open(t, user.Limits{})
	require.NoError(t, user.EnsureAdmin(t.Context(), s.Service, "root@example.com", "a long secret"))
	ada := s.register(t, "ada@example.com")
	ben := s.register(t, "ben@example.com")
	tokens := s.login(t, "ada@example.com")
	s.login(t, "ben@example.com")
	s.forgot(t, "ada@example.com")
	name, phone := "Ada Lovelace", "+4930123456"
	_, err := s.UpdateUser(t.Context(), user.UpdateUserInput{ID: ada.ID, IfVersion: 1, UserChange: user.UserChange{Name: &name, Phone: &phone}})
	require.NoError(t, err)
	_, err = s.AddAddress(t.Context(), user.AddAddressInput{UserID: ada.ID, NewAddress: home("Home", true)})
	require.NoError(t, err)
	key, err := s.CreateAPIKey(t.Context(), user.CreateAPIKeyInput{OwnerID: ada.ID, NewAPIKey: user.NewAPIKey{Name: "mine", Scopes: []string{"orders:read"}}})
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), `INSERT INTO idempotency_keys (principal, operation, key, fingerprint, status, headers, body)
		VALUES ('anonymous', 'register-user', 'k', '', 201, $1, 'ada@example.com')`, fmt.Sprintf(`{"Location": ["/api/v1/users/%s"]}`, ada.ID))
	require.NoError(t, err)

	in := user.EraseUserInput{UserID: ada.ID}
	_, err = s.CheckErasable(t.Context(), in)
	require.NoError(t, err)
	for range 2 { // asked for twice
		_, err = s.CloseAccount(t.Context(), in)
		require.NoError(t, err)
	}
	_, err = s.LoginUser(t.Context(), attempt("ada@example.com", "correct horse", ""))
	require.ErrorIs(t, err, user.ErrBadCredentials, "nobody gets in any more")
	_, err = s.refresh(t, tokens.RefreshToken)
	require.ErrorIs(t, err, user.ErrBadRefreshToken)
	_, err = s.VerifyAPIKey(t.Context(), user.VerifyAPIKeyInput{Key: key.Key})
	require.ErrorIs(t, err, user.ErrBadKey)
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.sessions_revoked'"), "one session, and all tokens")

	erased, err := s.EraseUser(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, user.ErasedUser{UserID: ada.ID, ErasedAt: s.at, Addresses: 1, APIKeys: 1}, erased)
	again, err := s.EraseUser(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, user.ErasedUser{UserID: ada.ID, ErasedAt: s.at}, again)
	_, err = s.EraseUser(t.Context(), user.EraseUserInput{UserID: id.New()})
	require.NoError(t, err, "of nobody there is nothing to erase")

	var left int
	for _, table := range []string{"users", "preferences", "addresses", "sessions", "refresh_tokens", "mail_requests", "api_keys", "outbox", "idempotency_keys"} {
		require.NoError(t, s.pool.QueryRow(t.Context(), fmt.Sprintf(
			"SELECT count(*) FROM %s AS r WHERE r::text ~* 'ada@|lovelace|4930123456|torstr'", table)).Scan(&left))
		require.Zero(t, left, table)
	}
	require.Zero(t, s.count(t, "SELECT count(*) FROM outbox WHERE event->'data' ? 'name' AND subject = '"+ada.ID.String()+"'"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM sessions"), "Ben's stays")
	_, err = s.ReadUser(t.Context(), user.ReadUserInput{ID: ada.ID})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	contacts, err := s.ReadContacts(t.Context(), user.ReadContactsInput{UserIDs: []uuid.UUID{ada.ID, id.New()}})
	require.NoError(t, err)
	require.Equal(t, []user.Contact{{UserID: ada.ID, Erased: true}}, contacts.Contacts)
	page, err := s.ListUsers(t.Context(), user.ListUsersInput{Role: user.RoleCustomer})
	require.NoError(t, err)
	require.Len(t, page.Users, 1)
	require.Equal(t, ben.ID, page.Users[0].ID)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.erased' AND sequence = 3"))

	s.at = s.at.Add(time.Hour)
	require.NotEqual(t, ada.ID, s.register(t, "ada@example.com").ID, "the address is free again")
}

func TestWhatIsErasedCannotBeChanged(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	verification := s.mailed(t, "user.verification_requested").Token
	_, err := s.EraseUser(t.Context(), user.EraseUserInput{UserID: ada.ID})
	require.NoError(t, err)
	name := "Ada"
	_, err = s.UpdateUser(t.Context(), user.UpdateUserInput{ID: ada.ID, IfVersion: 2, UserChange: user.UserChange{Name: &name}})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	_, err = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: ada.ID, IfVersion: 2, Role: user.RoleAdmin})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	_, err = s.AddAddress(t.Context(), user.AddAddressInput{UserID: ada.ID, NewAddress: home("Home", true)})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	_, err = s.ReplacePreferences(t.Context(), user.ReplacePreferencesInput{UserID: ada.ID, IfVersion: 2, Wishes: user.Wishes{Locale: "en", Currency: "EUR"}})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	_, err = s.CreateAPIKey(t.Context(), user.CreateAPIKeyInput{OwnerID: ada.ID, NewAPIKey: user.NewAPIKey{Name: "mine", Scopes: []string{"orders:read"}}})
	require.ErrorIs(t, err, user.ErrUserNotFound)
	require.ErrorIs(t, s.verify(t, verification), user.ErrBadMailToken)
	_, err = s.CloseAccount(t.Context(), user.EraseUserInput{UserID: ada.ID})
	require.NoError(t, err)
	_, err = s.CheckErasable(t.Context(), user.EraseUserInput{UserID: ada.ID})
	require.ErrorIs(t, err, user.ErrUserNotFound)
}
