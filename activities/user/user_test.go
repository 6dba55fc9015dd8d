package user_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/events"
	"kassa/internal/id"
	"kassa/internal/pgtest"
	"kassa/sql/userdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	seedA = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	seedB = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

// shop is the service with a clock that tests move.
type shop struct {
	*user.Service
	pool *pgxpool.Pool
	at   time.Time
}

func open(t *testing.T, limits user.Limits) *shop {
	t.Helper()
	keys, err := user.ParseKeyring("new:" + seedA + ",old:" + seedB)
	require.NoError(t, err)
	s := &shop{pool: pgtest.New(t, userdb.Migrations()), at: time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC)}
	s.Service = user.New(s.pool, user.Options{Keys: keys, Limits: limits, MailSecret: "a secret of the test", Now: func() time.Time { return s.at }})
	return s
}

func (s *shop) register(t *testing.T, email string) user.User {
	t.Helper()
	u, err := s.RegisterUser(t.Context(), user.RegisterUserInput{Email: email, Password: "correct horse", Name: "Ada"})
	require.NoError(t, err)
	return u
}

// told are the types and payloads of what was told of accounts, oldest first.
func (s *shop) told(t *testing.T) (types []string, data []events.User) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT type, event->'data' FROM outbox WHERE type IN ('user.registered', 'user.updated') ORDER BY position")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var typ string
		var document []byte
		var u events.User
		require.NoError(t, rows.Scan(&typ, &document))
		require.NoError(t, json.Unmarshal(document, &u))
		types, data = append(types, typ), append(data, u)
	}
	require.NoError(t, rows.Err())
	return types, data
}

func (s *shop) count(t *testing.T, query string) (n int) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(), query).Scan(&n))
	return n
}

func TestRegisterKeepsTheAddressInLowerCaseAndTellsTheName(t *testing.T) {
	s := open(t, user.Limits{})
	got := s.register(t, "  Ada@Example.COM ")
	want := user.User{
		ID: got.ID, Email: "ada@example.com", Name: "Ada", Role: user.RoleCustomer, Version: 1, CreatedAt: s.at, UpdatedAt: s.at,
	}
	require.Equal(t, want, got)
	read, err := s.ReadUser(t.Context(), user.ReadUserInput{ID: got.ID})
	require.NoError(t, err)
	require.Equal(t, want, read)

	types, data := s.told(t)
	require.Equal(t, []string{"user.registered"}, types)
	require.Equal(t, []events.User{{UserID: got.ID, Name: "Ada"}}, data)
	require.Zero(t, s.count(t, "SELECT count(*) FROM outbox WHERE event::text LIKE '%example.com%'"))
}

func TestRegisterRefuses(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	good := user.RegisterUserInput{Email: "bob@example.com", Password: "correct horse", Name: "Bob"}
	for _, c := range []struct {
		name   string
		change func(*user.RegisterUserInput)
		want   error
	}{
		{"an address that is taken, in any case", func(in *user.RegisterUserInput) { in.Email = "ADA@example.com" }, user.ErrEmailTaken},
		{"an address without a domain", func(in *user.RegisterUserInput) { in.Email = "ada" }, user.ErrEmailInvalid},
		{"an address with a display name", func(in *user.RegisterUserInput) { in.Email = "A <a@example.com>" }, user.ErrEmailInvalid},
		{"an address with a line break", func(in *user.RegisterUserInput) { in.Email = "a@example.com\nBcc: b@example.com" }, user.ErrEmailInvalid},
		{"an address that is too long", func(in *user.RegisterUserInput) { in.Email = strings.Repeat("a", 250) + "@example.com" }, user.ErrEmailInvalid},
		{"7 characters", func(in *user.RegisterUserInput) { in.Password = "ab3äöü€" }, user.ErrPasswordLength},
		{"129 characters", func(in *user.RegisterUserInput) { in.Password = strings.Repeat("ab", 64) + "c" }, user.ErrPasswordLength},
		{"a common password", func(in *user.RegisterUserInput) { in.Password = "Password1" }, user.ErrPasswordCommon},
		{"one character again and again", func(in *user.RegisterUserInput) { in.Password = "ääääääääääää" }, user.ErrPasswordCommon},
		{"the address as password", func(in *user.RegisterUserInput) { in.Password = "Bob@example.com" }, user.ErrPasswordCommon},
		{"no name", func(in *user.RegisterUserInput) { in.Name = " \t" }, user.ErrNameInvalid},
		{"a name with a control character", func(in *user.RegisterUserInput) { in.Name = "Bob\x00" }, user.ErrNameInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good
			c.change(&in)
			_, err := s.RegisterUser(t.Context(), in)
			require.ErrorIs(t, err, c.want)
		})
	}
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM users"))
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM outbox"), "one account, and the mail to verify it")
}

func TestUpdateChangesTheVersionTheCallerHasSeen(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	s.at = s.at.Add(time.Hour)
	name := "Ada Lovelace"
	in := user.UpdateUserInput{ID: ada.ID, IfVersion: 1, UserChange: user.UserChange{Name: &name}}

	got, err := s.UpdateUser(t.Context(), in)
	require.NoError(t, err)
	want := ada
	want.Name, want.Version, want.UpdatedAt = name, 2, s.at
	require.Equal(t, want, got)

	_, err = s.UpdateUser(t.Context(), in)
	require.Equal(t, user.ErrUserStale.With("current_version", int64(2)), err)
	in.ID = id.New()
	_, err = s.UpdateUser(t.Context(), in)
	require.ErrorIs(t, err, user.ErrUserNotFound)
	_, err = s.UpdateUser(t.Context(), user.UpdateUserInput{ID: ada.ID, IfVersion: 2})
	require.ErrorIs(t, err, user.ErrNothingToChange)

	types, data := s.told(t)
	require.Equal(t, []string{"user.registered", "user.updated"}, types)
	require.Equal(t, events.User{UserID: ada.ID, Name: name}, data[1])
}

func TestFirstAdminIsMadeOnce(t *testing.T) {
	s := open(t, user.Limits{})
	ctx := context.Background()
	require.NoError(t, user.EnsureAdmin(ctx, s.Service, "root@example.com", "a long secret"))
	require.NoError(t, user.EnsureAdmin(ctx, s.Service, "Root@example.com", "another secret"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM users WHERE role = 'admin'"))
	_, err := s.LoginUser(ctx, user.LoginUserInput{Credentials: user.Credentials{Email: "root@example.com", Password: "a long secret"}})
	require.NoError(t, err)

	s.register(t, "eve@example.com")
	require.NoError(t, user.EnsureAdmin(ctx, s.Service, "eve@example.com", "a third secret"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM users WHERE role = 'admin' AND email = 'eve@example.com' AND version = 2"))
}
