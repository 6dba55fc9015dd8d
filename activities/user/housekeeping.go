package user

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/internal/fault"
	"kassa/internal/pg"
)

const (
	retryEvery = time.Second      // while the database is not there
	sweepEvery = 10 * time.Minute // what has expired
)

// FirstAdmin is who may do everything in a new shop. Without an address there
// is none.
type FirstAdmin struct {
	Email, Password string
	Made            func() // called once the account is there, or none is wanted; may be nil
}

// Housekeep makes the first admin as soon as the database is there, then
// deletes what has expired, until ctx ends. It ends early when the first admin
// can never be made; what may pass is told to report and tried again.
func Housekeep(ctx context.Context, s *Service, first FirstAdmin, report func(error)) error {
	for first.Email != "" {
		err := EnsureAdmin(ctx, s, first.Email, first.Password)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // whoever stops us wants no word about it
		}
		if !fault.Of(err).Code.Retryable() {
			return fmt.Errorf("first admin (KASSA_ADMIN_EMAIL, KASSA_ADMIN_PASSWORD): %w", err)
		}
		report(fmt.Errorf("first admin: %w", err))
		pause(ctx, retryEvery)
	}
	if first.Made != nil {
		first.Made()
	}
	for ctx.Err() == nil {
		if err := sweep(ctx, s); err != nil && ctx.Err() == nil {
			report(fmt.Errorf("sweep: %w", err))
		}
		pause(ctx, sweepEvery)
	}
	return nil
}

// sweep deletes sessions and requests for mails a day after they expired, and
// sign-in limits that are full again.
func sweep(ctx context.Context, s *Service) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		if _, err := query(conn).DeleteSessionsExpired(ctx, s.clock().Add(-24*time.Hour)); err != nil {
			return fmt.Errorf("delete expired sessions: %w", err)
		}
		if _, err := query(conn).DeleteMailRequestsExpired(ctx, s.clock().Add(-24*time.Hour)); err != nil {
			return fmt.Errorf("delete expired requests for mails: %w", err)
		}
		if _, err := query(conn).DeleteSignInLimitsFull(ctx); err != nil {
			return fmt.Errorf("delete full sign-in limits: %w", err)
		}
		return nil
	})
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
