package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/bus"
)

// unpublishLost takes back the mark of events that went into a stream that no
// longer exists.
const unpublishLost = `
UPDATE outbox
SET published_at = NULL
WHERE id IN (
    SELECT id
    FROM outbox
    WHERE published_at < $1
    ORDER BY published_at
    LIMIT 5000)`

// heal publishes again what was published before the stream was made: the
// broker has lost its data. Consumers that had applied it drop the repeats.
func (l *leader) heal(ctx context.Context) error {
	born := l.relay.Bus.Born()
	if born.Equal(l.born) {
		return nil
	}
	total := int64(0)
	for {
		tag, err := l.conn.Exec(ctx, unpublishLost, born)
		if err != nil {
			return fmt.Errorf("take back what the broker lost: %w", err)
		}
		total += tag.RowsAffected()
		if tag.RowsAffected() == 0 {
			break
		}
	}
	if total > 0 {
		l.relay.Log.Warn("the broker has lost its data; publishing again", zap.Int64("events", total))
	}
	l.born = born
	return nil
}

const deleteOld = `
DELETE FROM outbox
WHERE id IN (
    SELECT id
    FROM outbox
    WHERE published_at < $1
    LIMIT 1000)`

// backlog counts up to 10,000 events, which is enough to know that there is
// trouble.
const backlog = `
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
FROM (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT 10000) AS waiting`

// chores measures the backlog and deletes what has been kept long enough.
func (l *leader) chores(ctx context.Context) error {
	now := time.Now()
	if now.Sub(l.measured) >= measure {
		var count int64
		var oldest float64
		if err := l.conn.QueryRow(ctx, backlog).Scan(&count, &oldest); err != nil {
			return fmt.Errorf("measure the outbox: %w", err)
		}
		unpublished.Set(float64(count))
		oldestSeconds.Set(oldest)
		l.measured = now
	}
	if now.Sub(l.cleaned) >= housework {
		n, err := deleteBefore(ctx, l.conn, now.Add(-keepFor))
		if err != nil {
			return err
		}
		if n == 0 {
			l.cleaned = now
		}
	}
	return nil
}

// execer is a connection or a pool.
type execer interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

// deleteBefore deletes some of what was published before then, and answers
// how many.
func deleteBefore(ctx context.Context, db execer, then time.Time) (int64, error) {
	tag, err := db.Exec(ctx, deleteOld, then)
	if err != nil {
		return 0, fmt.Errorf("delete old events: %w", err)
	}
	return tag.RowsAffected(), nil
}

const selectSince = `
SELECT id, type, subject, event::text, position
FROM outbox
WHERE created_at >= $1
  AND published_at IS NOT NULL
  AND position > $2
ORDER BY position
LIMIT $3`

// Republish publishes the events that became true since then once more, for
// consumers that lost what they had; those that did not will drop the repeats.
// It answers how many there were. Events not yet published are the relay's.
func Republish(ctx context.Context, pool *pgxpool.Pool, b *bus.Bus, since time.Time) (int, error) {
	type row struct {
		bus.Document
		position int64
	}
	total, position := 0, int64(0)
	round := time.Now().UnixNano() // makes message ids that the broker has not seen
	for {
		rows, err := pool.Query(ctx, selectSince, since, position, batchSize)
		if err != nil {
			return total, fmt.Errorf("read the outbox: %w", err)
		}
		page, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (out row, err error) {
			err = r.Scan(&out.MessageID, &out.Type, &out.Subject, &out.JSON, &out.position)
			out.MessageID = fmt.Sprintf("%s:%d", out.MessageID, round)
			return out, err
		})
		if err != nil {
			return total, fmt.Errorf("read the outbox: %w", err)
		}
		if len(page) == 0 {
			return total, nil
		}
		documents := make([]bus.Document, len(page))
		for i, r := range page {
			documents[i] = r.Document
		}
		if _, err := b.Send(ctx, documents); err != nil {
			return total, fmt.Errorf("republish: %w", err)
		}
		total += len(page)
		position = page[len(page)-1].position
	}
}
