package user

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/sql/userdb"
)

// Why a session ended.
const (
	endedByLogout   = "logout"
	endedByReuse    = "reuse"
	endedByPassword = "password"
	endedByErasure  = "erasure"
)

// revokeSessions withdraws the access tokens of sessions, or of an API key, for
// good: every service refuses them as soon as it hears.
func revokeSessions(ctx context.Context, tx pgx.Tx, user uuid.UUID, at time.Time, sessions ...uuid.UUID) error {
	for _, session := range sessions {
		data := events.SessionsRevoked{UserID: user, SessionID: &session, Before: at}
		if err := outbox.Append(ctx, tx, events.New("user", events.UserSessionsRevoked, session, 1, at, data)); err != nil {
			return err
		}
	}
	return nil
}

// revokeTokens withdraws every access token of an account that was made up to
// at. Sessions go on, with tokens that say what is true from now on. The caller
// holds the account's row since before at.
func revokeTokens(ctx context.Context, tx pgx.Tx, account userdb.User, at time.Time) error {
	data := events.SessionsRevoked{UserID: account.ID, Before: at}
	return outbox.Append(ctx, tx, events.New("user", events.UserSessionsRevoked, account.ID, account.Version, at, data))
}

// endSessions ends the sessions of an account but one; a nil UUID spares none.
// It answers which.
func endSessions(ctx context.Context, tx pgx.Tx, account, spared uuid.UUID, why string, at time.Time) ([]uuid.UUID, error) {
	ended, err := query(tx).UpdateSessionsEnded(ctx, userdb.UpdateSessionsEndedParams{At: &at, EndedBy: &why, UserID: account, OtherThan: spared})
	if err != nil {
		return nil, fmt.Errorf("end sessions of %s: %w", account, err)
	}
	return ended, nil
}
