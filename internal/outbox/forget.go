package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// rememberFor is how long an inbox keeps what was taken in: twice as long as an
// event can come again from the broker or an outbox, which forget after 14 days.
const rememberFor = 30 * 24 * time.Hour

const forgetEvery = time.Hour

// An event's id tells when it was made, so the old ones lie together in the key.
const deleteTaken = `
DELETE FROM inbox
WHERE consumer = $1
  AND event_id IN (
      SELECT event_id
      FROM inbox
      WHERE consumer = $1
        AND event_id < $2
        AND applied_at < $3
      ORDER BY event_id
      LIMIT 1000)`

// forget deletes old rows of the consumer's inbox now and then, until ctx ends.
func (c *Consumer) forget(ctx context.Context) {
	for pause(ctx, forgetEvery) {
		if err := c.forgetBefore(ctx, time.Now().Add(-rememberFor)); err != nil && ctx.Err() == nil {
			c.Log.Warn("old rows of the inbox stay until the next try", zap.String("consumer", c.Name), zap.Error(err))
		}
	}
}

// forgetBefore deletes, in small steps, what was taken in before then.
func (c *Consumer) forgetBefore(ctx context.Context, then time.Time) error {
	for {
		tag, err := c.Pool.Exec(ctx, deleteTaken, c.Name, firstOf(then), then)
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
	}
}

// firstOf is the lowest id (a UUIDv7) that can be made at a time.
func firstOf(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16) //nolint:gosec // after 1970
	return id
}
