package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
)

// backlog is what the platform still has to do after the last answer: the
// orders that are not decided, the events that are not published, the ledger entries that are not sealed, and the
// webhooks that are not sent or applied.
var backlog = map[string]string{
	"orders":    "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) + (SELECT count(*) FROM orders WHERE status IN ('pending', 'awaiting_payment'))",
	"products":  "SELECT count(*) FROM outbox WHERE published_at IS NULL",
	"carts":     "SELECT count(*) FROM outbox WHERE published_at IS NULL",
	"inventory": "SELECT count(*) FROM outbox WHERE published_at IS NULL",
	"payments":  "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) + (SELECT count(*) FROM ledger_entries WHERE sequence IS NULL) + (SELECT count(*) FROM webhooks WHERE applied_at IS NULL AND due_at <= now())",
	"psp":       "SELECT count(*) FROM events WHERE due_at <= now()",
}

// settles is how long the platform may take to come to rest: the way of an order
// that only Reconcile can find is the longest.
const settles = 4 * time.Minute

// backlogs watches them, one connection each.
type backlogs map[string]*pgx.Conn

func watchBacklogs(ctx context.Context, a localstack.Addresses) (backlogs, error) {
	all := backlogs{}
	for database := range backlog {
		conn, err := pgx.Connect(ctx, a.DatabaseURL(database, database))
		if err != nil {
			return all, err
		}
		all[database] = conn
	}
	return all, nil
}

func (b backlogs) close() {
	for _, conn := range b {
		_ = conn.Close(context.Background())
	}
}

// drain waits until everything is done and answers how long that took.
func (b backlogs) drain(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	for database, conn := range b {
		for left := 1; left > 0; {
			if err := conn.QueryRow(ctx, backlog[database]).Scan(&left); err != nil {
				return 0, fmt.Errorf("look for what %s has to do: %w", database, err)
			}
			if left == 0 {
				break
			}
			if time.Since(begin) > settles {
				return 0, fmt.Errorf("%d things in %s are still to do %s after the last request", left, database, settles)
			}
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return time.Since(begin), nil
}

// listened waits until no subscriber has taken an event in for two seconds: those of a
// catalogue keep them busy for longer than it takes to publish them.
func (b *bench) listened(ctx context.Context) error {
	for begin := time.Now(); ; {
		var taken int
		for _, s := range verify.Subscribers {
			err := at(ctx, b.addresses, s.Database, func(conn *pgx.Conn) error {
				var n int
				err := conn.QueryRow(ctx, "SELECT count(*) FROM inbox WHERE consumer = $1 AND applied_at > now() - interval '2 s'", s.Name).Scan(&n)
				taken += n
				return err
			})
			if err != nil {
				return fmt.Errorf("look for what %s takes in: %w", s.Name, err)
			}
		}
		if taken == 0 {
			return nil
		}
		if time.Since(begin) > settles {
			return fmt.Errorf("subscribers still take events in %s after the last was published", settles)
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// Audit is what kassa verify --strict says of the books.
type Audit struct {
	Broken   []string `json:"broken"`     // invariants
	Checked  int      `json:"invariants"` // looked at
	CheckedS float64  `json:"checked_s"`  // how long, waiting included
}

// audit waits until everything has come to rest and checks the books.
func (b *bench) audit(ctx context.Context) (a Audit, err error) {
	b.options.Progress("checking the invariants")
	check := verify.Of(b.addresses)
	check.Strict, check.Settle, check.Progress = true, settles, b.options.Progress
	report, err := verify.Run(ctx, check)
	return Audit{append(report.Broken(), report.Busy...), len(report.Results), round(report.Took.Seconds())}, err
}
