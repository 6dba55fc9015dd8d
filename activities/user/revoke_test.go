package user_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/events"
	"kassa/internal/pgtest"
	"kassa/sql/userdb"
)

// TestNoTokenWithTheOldRoleIsYoungerThanItsWithdrawal lets sessions refresh, with
// the real clock, while the role changes: whoever still says the old role must
// be one of those that are refused.
func TestNoTokenWithTheOldRoleIsYoungerThanItsWithdrawal(t *testing.T) {
	keys, err := user.ParseKeyring("a:" + seedA)
	require.NoError(t, err)
	s := &shop{pool: pgtest.New(t, userdb.Migrations())}
	s.Service = user.New(s.pool, user.Options{Keys: keys})
	ada := s.register(t, "ada@example.com")
	made := make([][]user.Tokens, 6) // by session
	for i := range made {
		made[i] = []user.Tokens{s.login(t, "ada@example.com")}
	}
	stop := make(chan struct{})
	errs := make([]error, len(made))
	var group sync.WaitGroup
	for i := range made {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				next, err := s.RefreshTokens(t.Context(), user.RefreshInput{RefreshToken: made[i][len(made[i])-1].RefreshToken})
				if errs[i] = err; err != nil {
					return
				}
				made[i] = append(made[i], next)
			}
		})
	}
	version := int64(1)
	for _, role := range []user.Role{user.RoleSupport, user.RoleCustomer, user.RoleAdmin} {
		_, err := s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: ada.ID, IfVersion: version, Role: role})
		require.NoError(t, err)
		version++
	}
	close(stop)
	group.Wait()

	withdrawn := s.withdrawnUntil(t, ada.ID)
	for i, tokens := range made {
		require.NoError(t, errs[i])
		for _, each := range tokens {
			claims := jwt.MapClaims{}
			_, _, err := jwt.NewParser().ParseUnverified(each.AccessToken, claims)
			require.NoError(t, err)
			issued, err := claims.GetIssuedAt()
			require.NoError(t, err)
			if claims["role"] != "admin" {
				require.False(t, issued.After(withdrawn), "%v was issued at %s, after the withdrawal at %s", claims["role"], issued, withdrawn)
			}
		}
	}
}

// withdrawnUntil is the latest time up to which an account's tokens are withdrawn.
func (s *shop) withdrawnUntil(t *testing.T, account uuid.UUID) time.Time {
	t.Helper()
	var document []byte
	var data events.SessionsRevoked
	require.NoError(t, s.pool.QueryRow(t.Context(), `
		SELECT event->'data' FROM outbox WHERE type = 'user.sessions_revoked' AND subject = $1 ORDER BY position DESC LIMIT 1`,
		account.String()).Scan(&document))
	require.NoError(t, json.Unmarshal(document, &data))
	require.Nil(t, data.SessionID)
	return data.Before
}

func TestANewPasswordAndRefreshesDoNotWaitForEachOtherInACircle(t *testing.T) {
	s := open(t, user.Limits{})
	s.register(t, "ada@example.com")
	for range 3 {
		var sessions []user.Tokens
		for range 4 {
			tokens, err := s.LoginUser(t.Context(), attempt("ada@example.com", "correct horse", ""))
			require.NoError(t, err)
			sessions = append(sessions, tokens)
		}
		s.at = s.at.Add(time.Hour)
		s.forgot(t, "ada@example.com")
		token := s.mailed(t, events.UserPasswordResetRequested).Token
		var group sync.WaitGroup
		for _, tokens := range sessions {
			group.Go(func() {
				_, err := s.refresh(t, tokens.RefreshToken)
				if err != nil {
					require.ErrorIs(t, err, user.ErrBadRefreshToken)
				}
			})
		}
		group.Go(func() { require.NoError(t, s.reset(t, token, "correct horse")) })
		group.Wait()
		require.Zero(t, s.count(t, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"))
	}
}
