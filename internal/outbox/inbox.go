package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"kassa/internal/cloudevent"
	"kassa/internal/pg"
)

// inbox is a running consumer.
type inbox struct {
	consumer *Consumer
	log      *zap.Logger
	failures failures
}

// take brings a batch to its end: every delivery is acknowledged, asked for
// again later, or buried. While the database is out it waits, because that is
// no fault of the events.
func (i *inbox) take(ctx context.Context, batch []*delivery) {
	batch = i.admit(ctx, batch)
	for len(batch) > 0 && ctx.Err() == nil {
		err := i.apply(ctx, batch)
		if err == nil {
			i.acknowledge(batch)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if endedByServer(err) || i.databaseOut(ctx) {
			i.log.Warn("the database is out; events wait", zap.Error(err))
			keep(batch)
			pause(ctx, pollEvery)
			continue
		}
		if len(batch) == 1 {
			i.fail(ctx, batch[0], err)
			return
		}
		// One of them is to blame: each on its own, so that the others get through.
		for _, d := range batch {
			i.take(ctx, []*delivery{d})
		}
		return
	}
}

// admit sorts out what cannot be read, what is a dead letter of another consumer,
// and what must wait for an earlier event of the same subject that failed.
func (i *inbox) admit(ctx context.Context, batch []*delivery) []*delivery {
	admitted := batch[:0:0]
	for _, d := range batch {
		if d.foreign {
			_ = d.msg.Ack() // taken in when it was new, and perhaps forgotten since
			continue
		}
		if d.err != nil {
			i.bury(ctx, d, d.err)
			continue
		}
		if wait := i.failures.ahead(d, time.Now()); wait > 0 {
			_ = d.msg.NakWithDelay(wait)
			continue
		}
		admitted = append(admitted, d)
	}
	return admitted
}

// apply takes in the whole batch in one transaction.
func (i *inbox) apply(ctx context.Context, batch []*delivery) error {
	var fresh []*delivery
	old := 0
	err := pg.InTx(ctx, i.consumer.Pool, func(tx pgx.Tx) error {
		fresh, old = fresh[:0], 0
		heads, err := i.lockHeads(ctx, tx, batch)
		if err != nil {
			return err
		}
		admitted, err := i.record(ctx, tx, batch, heads)
		if err != nil {
			return err
		}
		for _, d := range batch {
			isNewest, isFresh := admitted[d.event.ID]
			if !isFresh {
				continue // a repeat
			}
			delete(admitted, d.event.ID) // the same event may be in the batch twice
			if !isNewest {
				old++
				continue
			}
			fresh = append(fresh, d)
		}
		if err := i.effects(ctx, tx, fresh); err != nil {
			return err
		}
		return i.advance(ctx, tx, heads)
	})
	if err == nil {
		applied.WithLabelValues(i.consumer.Name).Add(float64(len(fresh)))
		dropped.WithLabelValues(i.consumer.Name).Add(float64(old))
	}
	return err
}

// effects makes the effects of events, in their order.
func (i *inbox) effects(ctx context.Context, tx pgx.Tx, fresh []*delivery) error {
	if i.consumer.ApplyAll != nil {
		return i.together(ctx, tx, fresh)
	}
	for _, d := range fresh {
		if err := i.effect(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// effect calls Apply with the event's correlation and trace. A panic is an
// error like any other: a poison event must not take the process down.
func (i *inbox) effect(ctx context.Context, tx pgx.Tx, d *delivery) (err error) {
	ctx, end := follow(ctx, i.consumer.Name, d.event)
	defer func() { end(err) }()
	defer survive(&err)
	return i.consumer.Apply(ctx, tx, d.event)
}

// together calls ApplyAll; each event's trace shows it.
func (i *inbox) together(ctx context.Context, tx pgx.Tx, fresh []*delivery) (err error) {
	if len(fresh) == 0 {
		return nil
	}
	all := make([]cloudevent.Event, len(fresh))
	for n, d := range fresh {
		all[n] = d.event
		_, end := follow(ctx, i.consumer.Name, d.event)
		defer func() { end(err) }()
	}
	defer survive(&err)
	return i.consumer.ApplyAll(ctx, tx, all)
}

// survive makes an error of a panic.
func survive(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

func (i *inbox) acknowledge(batch []*delivery) {
	for _, d := range batch {
		_ = d.msg.Ack() // if it gets lost, the repeat is dropped
		i.failures.forget(d)
	}
}

// endedByServer reports whether the database ended the session (SQLSTATE class 57P,
// operator intervention). Another session may still answer at that moment.
func endedByServer(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && strings.HasPrefix(said.Code, "57P")
}

// databaseOut asks the database itself: an error of Apply may come from
// elsewhere.
func (i *inbox) databaseOut(ctx context.Context) bool {
	asking, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return i.consumer.Pool.Ping(asking) != nil
}

// keep tells the broker that the batch is still being worked on.
func keep(batch []*delivery) {
	for _, d := range batch {
		_ = d.msg.InProgress()
	}
}

var errGivenUp = errors.New("given up")

// fail asks for the event again later, or gives it up.
func (i *inbox) fail(ctx context.Context, d *delivery, err error) {
	attempt, wait := i.failures.add(d, i.consumer.RetryAfter, time.Now())
	if wait == 0 {
		i.bury(ctx, d, errors.Join(errGivenUp, err))
		return
	}
	i.log.Warn("event not applied; it will come again",
		zap.Stringer("event_id", d.event.ID),
		zap.String("event_type", d.event.Type),
		zap.String("correlation_id", d.event.CorrelationID),
		zap.Int("attempt", attempt),
		zap.Duration("again_in", wait),
		zap.Error(err),
	)
	_ = d.msg.NakWithDelay(wait)
}

// bury moves an event to the dead letters, where an operator finds it.
func (i *inbox) bury(ctx context.Context, d *delivery, reason error) {
	err := i.consumer.Bus.Bury(ctx, i.consumer.Name, d.id(), d.typ(), reason.Error(), d.msg.Data())
	if err != nil {
		i.log.Error("dead letter not written; the event will come again", zap.Error(err))
		_ = d.msg.NakWithDelay(30 * time.Second)
		return
	}
	i.log.Error("event given up; it is in the dead letters",
		zap.String("event_id", d.id()),
		zap.String("event_type", d.typ()),
		zap.NamedError("reason", reason),
	)
	deadLetters.WithLabelValues(i.consumer.Name).Inc()
	i.failures.forget(d)
	_ = d.msg.Ack()
}
