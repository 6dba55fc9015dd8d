package outbox

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/bus"
)

const (
	batchSize = 500                    // events published and marked at once
	gatherFor = 100 * time.Millisecond // between reads while awake, so that one batch serves many transactions
	stayAwake = 2 * time.Second        // after the last event
	pollEvery = time.Second            // while asleep, when a notification is missed
	keepFor   = 14 * 24 * time.Hour    // published events, for replay
	housework = time.Minute            // between looks for events to delete
	measure   = 5 * time.Second        // between looks at the backlog
)

// Relay publishes a service's outbox. Run one in every process of the service:
// one of them leads, by an advisory lock, and the others wait to take over.
type Relay struct {
	Pool *pgxpool.Pool // tells which database; the relay has a connection of its own
	Bus  *bus.Bus
	Log  *zap.Logger
}

// Run relays until ctx ends. It outlives the database and the broker.
func (r *Relay) Run(ctx context.Context) error {
	if r.Log == nil {
		r.Log = zap.NewNop()
	}
	for {
		if err := r.lead(ctx); ctx.Err() == nil {
			r.Log.Warn("outbox relay interrupted; starting over", zap.Error(err))
		}
		if !pause(ctx, pollEvery) {
			return nil
		}
	}
}

// lead connects, waits until this relay leads, and relays until something
// breaks. Reading, marking and the lock share one connection, so a relay that
// has lost the lock can mark nothing.
func (r *Relay) lead(ctx context.Context) error {
	l := &leader{relay: r}
	cfg := r.Pool.Config().ConnConfig.Copy()
	cfg.Tracer = nil
	cfg.RuntimeParams["application_name"] = "outbox relay" // told apart from the service in Postgres's own views
	cfg.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { l.woken = true }
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	l.conn = conn
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	for {
		var leads bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey).Scan(&leads); err != nil {
			return fmt.Errorf("take the lead: %w", err)
		}
		if leads {
			break
		}
		if !pause(ctx, pollEvery) {
			return ctx.Err()
		}
	}
	// Whoever appends while the relay falls asleep may hold it up for a while.
	if _, err := conn.Exec(ctx, "SET lock_timeout = '1500ms'; LISTEN outbox"); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	r.Log.Debug("outbox relay leads")
	return l.run(ctx)
}

// lockKey is the advisory lock of the leading relay, one per database.
var lockKey = func() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("kassa outbox relay"))
	return int64(h.Sum64()) //nolint:gosec // any 64 bits will do
}()

// leader is a relay that leads.
type leader struct {
	relay    *Relay
	conn     *pgx.Conn
	woken    bool      // a notification has arrived since the last read
	awake    bool      // appending transactions need not notify
	busy     time.Time // when there was last something to publish
	born     time.Time // of the stream that everything published is known to be in
	measured time.Time
	cleaned  time.Time
	failing  bool // the broker did not take the last batch
}

func (l *leader) run(ctx context.Context) error {
	for ctx.Err() == nil {
		l.woken = false
		n, err := l.batch(ctx)
		if err != nil {
			return err
		}
		if err := l.chores(ctx); err != nil {
			return err
		}
		if n > 0 {
			l.busy = time.Now()
		}
		if n == batchSize {
			continue
		}
		if err := l.wait(ctx, n > 0); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// A position becomes visible when its transaction commits, so a higher one may
// be there before a lower one: only published_at tells what is left to do.
const selectUnpublished = `
SELECT id, type, subject, event::text
FROM outbox
WHERE published_at IS NULL
ORDER BY position
LIMIT $1`

const markPublished = `
UPDATE outbox
SET published_at = now()
WHERE id = ANY($1)`

// batch publishes the oldest unpublished events and answers how many there
// were. An error is the database's; the broker's is kept for the next wait.
func (l *leader) batch(ctx context.Context) (int, error) {
	if err := l.relay.Bus.Ensure(ctx); err != nil {
		l.broker(err)
		return 0, nil
	}
	if err := l.heal(ctx); err != nil {
		return 0, err
	}
	ids, documents, err := l.unpublished(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	acknowledged, failure := l.relay.Bus.Send(ctx, documents)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	l.broker(failure)
	done := make([]uuid.UUID, 0, len(ids))
	for i, ok := range acknowledged {
		if ok {
			done = append(done, ids[i])
		}
	}
	if len(done) > 0 {
		if _, err := l.conn.Exec(ctx, markPublished, done); err != nil {
			return 0, fmt.Errorf("mark events published: %w", err)
		}
		published.Add(float64(len(done)))
	}
	if l.failing {
		return 0, nil
	}
	return len(ids), nil
}

func (l *leader) unpublished(ctx context.Context) ([]uuid.UUID, []bus.Document, error) {
	rows, err := l.conn.Query(ctx, selectUnpublished, batchSize)
	if err != nil {
		return nil, nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer rows.Close()
	var ids []uuid.UUID
	var documents []bus.Document
	for rows.Next() {
		var id uuid.UUID
		var d bus.Document
		if err := rows.Scan(&id, &d.Type, &d.Subject, &d.JSON); err != nil {
			return nil, nil, fmt.Errorf("read the outbox: %w", err)
		}
		d.MessageID = id.String()
		ids, documents = append(ids, id), append(documents, d)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("read the outbox: %w", err)
	}
	return ids, documents, nil
}

// broker remembers whether the broker took the last batch, and logs the change.
func (l *leader) broker(err error) {
	if err != nil && !l.failing {
		l.relay.Log.Warn("the broker takes no events; they wait in the outbox", zap.Error(err))
	}
	if err == nil && l.failing {
		l.relay.Log.Info("the broker takes events again")
	}
	l.failing = err != nil
}
