package user

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
)

// sweepEvery is how often what has expired is deleted.
const sweepEvery = 10 * time.Minute

// SweepLoop deletes sessions a day after they expired, and sign-in limits that
// are full again, until ctx ends. Failures are passed to report and tried
// again at the next turn.
func SweepLoop(ctx context.Context, s *Service, report func(error)) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := sweep(ctx, s); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func sweep(ctx context.Context, s *Service) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		if _, err := query(conn).DeleteSessionsExpired(ctx, s.clock().Add(-24*time.Hour)); err != nil {
			return fmt.Errorf("delete expired sessions: %w", err)
		}
		if _, err := query(conn).DeleteSignInLimitsFull(ctx); err != nil {
			return fmt.Errorf("delete full sign-in limits: %w", err)
		}
		return nil
	})
}
