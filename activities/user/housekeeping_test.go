package user

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/pgtest"
	"kassa/sql/userdb"
)

func TestSweepDeletesWhatHasExpired(t *testing.T) {
	keys, err := ParseKeyring("a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	require.NoError(t, err)
	at := time.Now()
	pool := pgtest.New(t, userdb.Migrations())
	s := New(pool, Options{Keys: keys, Now: func() time.Time { return at }})
	_, err = s.RegisterUser(t.Context(), RegisterUserInput{Email: "ada@example.com", Password: "correct horse", Name: "Ada"})
	require.NoError(t, err)
	_, err = s.LoginUser(t.Context(), LoginUserInput{Credentials: Credentials{Email: "ada@example.com", Password: "correct horse"}})
	require.NoError(t, err)
	left := func() (sessions, tokens, limits int) {
		require.NoError(t, pool.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens), (SELECT count(*) FROM sign_in_limits)`,
		).Scan(&sessions, &tokens, &limits))
		return sessions, tokens, limits
	}

	require.NoError(t, sweep(t.Context(), s))
	sessions, tokens, limits := left()
	require.Equal(t, [3]int{1, 1, 0}, [3]int{sessions, tokens, limits}, "a good sign-in leaves no limit behind")
	at = at.Add(92 * 24 * time.Hour)
	require.NoError(t, sweep(t.Context(), s))
	sessions, tokens, _ = left()
	require.Equal(t, [2]int{}, [2]int{sessions, tokens})
}
