package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DeleteOld is what the leading relay does now and then.
func DeleteOld(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := deleteBefore(ctx, pool, time.Now().Add(-keepFor))
	return err
}

// ForgetTaken is what a consumer does now and then.
func ForgetTaken(ctx context.Context, pool *pgxpool.Pool, consumer string) error {
	return (&Consumer{Name: consumer, Pool: pool}).forgetBefore(ctx, time.Now().Add(-rememberFor))
}
