package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"kassa/internal/bus"
	"kassa/internal/cloudevent"
)

const (
	applyAtOnce = 200                   // events in one transaction at most
	collectFor  = 15 * time.Millisecond // after the first event of a batch
)

// Consumer applies the events of other services, each once. Run one in every
// process of the service: they share the work.
type Consumer struct {
	Name  string // unique in Kassa, letters and dashes, like "cart-orders"; never changes
	Pool  *pgxpool.Pool
	Bus   *bus.Bus
	Log   *zap.Logger
	Types []string // of the events, like order.confirmed

	// Apply makes the event's effect in tx, which also records the event and
	// may hold other events' effects too. It is called in the order of each
	// subject's sequence. An error undoes everything in tx; the event comes
	// again later (RetryAfter), and in the end is given up.
	Apply func(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error

	// ApplyAll, instead of Apply, makes the effects of all the events of a
	// transaction at once, each event once: for effects that one statement can
	// have for many, and that commute (AnyOrder).
	ApplyAll func(ctx context.Context, tx pgx.Tx, events []cloudevent.Event) error

	// AnyOrder is for effects that commute: an event is applied even when a newer
	// one of the same subject has been. Otherwise it would be dropped as older.
	AnyOrder bool

	// RetryAfter is when an event that failed comes again; after the last of
	// them it goes to the dead letters. Nil means 1 s, 5 s, 30 s, 2 m, 10 m.
	RetryAfter []time.Duration
}

// Run applies events until ctx ends. It outlives the database and the broker.
func (c *Consumer) Run(ctx context.Context) error {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.RetryAfter == nil {
		c.RetryAfter = retryAfter
	}
	received := make(chan jetstream.Msg, applyAtOnce)
	in := &inbox{consumer: c, log: c.Log.With(zap.String("consumer", c.Name))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			batch := c.collect(ctx, received)
			if len(batch) == 0 {
				return
			}
			in.take(ctx, batch)
		}
	}()
	go c.forget(ctx)
	err := c.Bus.Consume(ctx, c.Name, c.Types, func(m jetstream.Msg) {
		select {
		case received <- m:
		case <-ctx.Done():
		}
	})
	<-done
	if err != nil {
		return fmt.Errorf("consumer %s: %w", c.Name, err)
	}
	return nil
}

// collect waits for a message and takes what else arrives within a moment. It
// answers none when ctx has ended.
func (c *Consumer) collect(ctx context.Context, received <-chan jetstream.Msg) []*delivery {
	batch := make([]*delivery, 0, applyAtOnce)
	select {
	case <-ctx.Done():
		return nil
	case m := <-received:
		batch = append(batch, open(m, c.Name))
	}
	enough := time.NewTimer(collectFor)
	defer enough.Stop()
	for len(batch) < applyAtOnce {
		select {
		case m := <-received:
			batch = append(batch, open(m, c.Name))
		case <-enough.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}
