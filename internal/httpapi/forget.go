package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/logging"
	"kassa/internal/pg"
)

// forget removes keys after two days: clients are promised one. In small steps,
// so that it never holds many locks.
const forget = `
DELETE FROM idempotency_keys
WHERE ctid = ANY (ARRAY(
    SELECT ctid
    FROM idempotency_keys
    WHERE claimed_at < now() - interval '48 hours'
    LIMIT 1000
))`

// ForgetKeys removes the keys that no repeat can be expected of any more, and
// says how many.
func ForgetKeys(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	var total int64
	for {
		var step int64
		err := pg.Conn(ctx, pool, func(conn *pgx.Conn) error {
			tag, err := conn.Exec(ctx, forget)
			step = tag.RowsAffected()
			return err
		})
		if err != nil {
			return total, fmt.Errorf("forget idempotency keys: %w", err)
		}
		if total += step; step < 1000 {
			return total, nil
		}
	}
}

// ForgetKeysHourly is a component of a process: it calls ForgetKeys every hour
// until ctx ends.
func ForgetKeysHourly(pool *pgxpool.Pool) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				if _, err := ForgetKeys(ctx, pool); err != nil && ctx.Err() == nil {
					logging.From(ctx).Warn("idempotency keys pile up until the next try", zap.Error(err))
				}
			}
		}
	}
}
