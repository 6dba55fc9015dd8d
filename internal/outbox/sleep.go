package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// awakeKey is the advisory lock of a relay that is awake: the ASCII of
// "outbox". The trigger of the table notifies only when nobody holds it,
// because NOTIFY makes the commits of the whole server wait for each other: on
// a busy one that cost six sevenths of the transactions.
const awakeKey = 0x6f7574626f78

// wait returns when there may be something to publish. While events keep
// coming the relay stays awake and reads ten times a second; after a quiet while it
// sleeps until a transaction notifies it. A broker that is down is asked again
// only after a poll's time.
func (l *leader) wait(ctx context.Context, found bool) error {
	switch {
	case l.failing:
		pause(ctx, pollEvery)
		return nil
	case l.awake && time.Since(l.busy) < stayAwake:
		pause(ctx, gatherFor)
		return nil
	case l.awake:
		return l.fallAsleep(ctx) // and read once more, for what was appended until now
	case !found && !l.woken:
		waiting, cancel := context.WithTimeout(ctx, pollEvery)
		err := l.conn.PgConn().WaitForNotification(waiting)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("wait for events: %w", err)
		}
	}
	if found || l.woken {
		return l.wakeUp(ctx)
	}
	return nil
}

func (l *leader) wakeUp(ctx context.Context) error {
	_, err := l.conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(awakeKey))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "55P03" {
		return nil // a transaction that appended is still open; try again with the next event
	}
	if err != nil {
		return fmt.Errorf("wake up: %w", err)
	}
	l.awake, l.busy = true, time.Now()
	pause(ctx, gatherFor)
	return nil
}

func (l *leader) fallAsleep(ctx context.Context) error {
	if _, err := l.conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(awakeKey)); err != nil {
		return fmt.Errorf("fall asleep: %w", err)
	}
	l.awake = false
	return nil
}

// pause waits for d and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
