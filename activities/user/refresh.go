package user

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/userdb"
)

// RefreshInput is a refresh token.
type RefreshInput struct {
	RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"256" doc:"The refresh token received last." example:"q2o1Zl0vXw5m8tYb3n6QeR9sUvWxYz0123456789AbC"`
}

// RefreshTokens exchanges a refresh token for new tokens. A repeat within 10 s
// gives the same refresh token again; a later one ends the session.
func (s *Service) RefreshTokens(ctx context.Context, in RefreshInput) (Tokens, error) {
	at := s.clock()
	var session userdb.LockRefreshTokenRow
	var refused error // committed all the same: it may have ended the session
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		session, err = query(tx).LockRefreshToken(ctx, hashOf(in.RefreshToken))
		switch {
		case pg.NotFound(err):
			return ErrBadRefreshToken
		case err != nil:
			return fmt.Errorf("lock refresh token: %w", err)
		case session.EndedAt != nil || !at.Before(session.SessionExpiresAt) || !at.Before(session.TokenExpiresAt):
			return ErrBadRefreshToken
		case session.UsedAt == nil:
			return s.rotate(ctx, tx, in.RefreshToken, session)
		case at.Sub(*session.UsedAt) <= retryWithin:
			return nil // the successor exists
		}
		refused = ErrBadRefreshToken
		reuse := endedByReuse
		if err := query(tx).UpdateSessionEnded(ctx, &at, &reuse, session.SessionID); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return revokeSessions(ctx, tx, session.UserID, at, session.SessionID)
	})
	if err != nil || refused != nil {
		return Tokens{}, firstOf(err, refused)
	}
	return s.tokens(session.UserID, Role(session.Role), session.SessionID, successor(session.Secret, in.RefreshToken), at)
}

// rotate uses the token up and keeps its successor.
func (s *Service) rotate(ctx context.Context, tx pgx.Tx, token string, session userdb.LockRefreshTokenRow) error {
	at := s.clock()
	if err := query(tx).UpdateRefreshTokenUsed(ctx, &at, hashOf(token)); err != nil {
		return fmt.Errorf("use refresh token: %w", err)
	}
	return s.keep(ctx, tx, successor(session.Secret, token), session.SessionID, at)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
