package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// maxUnacknowledged bounds how many events of one consumer are delivered and
// not yet acknowledged.
const maxUnacknowledged = 1000

// ackWait is how long the broker waits for an acknowledgement before it
// delivers an event again.
const ackWait = 30 * time.Second

// checkEvery is how often a subscription makes sure that its consumer still
// exists: a broker that lost its data forgets it without a word.
const checkEvery = 5 * time.Second

// Consume delivers the events of types to the durable consumer called name,
// shared by all instances of a service, until ctx ends. deliver is called by
// one goroutine at a time and may block. When the broker, the stream or the
// consumer goes away, Consume makes them anew and goes on.
func (b *Bus) Consume(ctx context.Context, name string, types []string, deliver func(jetstream.Msg)) error {
	return b.forever(ctx, "consumer "+name, func() (jetstream.Consumer, error) {
		return b.js.CreateOrUpdateConsumer(ctx, Stream, jetstream.ConsumerConfig{
			Durable:        name,
			FilterSubjects: subjects(types),
			DeliverPolicy:  jetstream.DeliverAllPolicy,
			AckPolicy:      jetstream.AckExplicitPolicy,
			AckWait:        ackWait,
			MaxAckPending:  maxUnacknowledged,
			MaxDeliver:     -1, // the consumer itself gives up, into the dead letters
		})
	}, deliver)
}

// Listen delivers the events of types that are published from now on to this
// process alone, until ctx ends. It needs no acknowledgement, and goes on where
// it was after a lost connection. It calls missed whenever events may have gone
// by: when it begins, when it has to begin again, and every few seconds while the
// broker is away and for a minute after that, because a broker that comes back
// may have lost what it had.
func (b *Bus) Listen(ctx context.Context, types []string, deliver func(jetstream.Msg), missed func()) error {
	go b.doubtful(ctx, missed)
	return b.forever(ctx, "listener", func() (jetstream.Consumer, error) {
		stream, err := b.js.Stream(ctx, Stream)
		if err != nil {
			return nil, err
		}
		// A number and not "new": a consumer that is made again after a lost connection
		// begins where the first one did, and not with what is new by then.
		consumer, err := b.js.OrderedConsumer(ctx, Stream, jetstream.OrderedConsumerConfig{
			FilterSubjects: subjects(types),
			DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
			OptStartSeq:    stream.CachedInfo().State.LastSeq + 1,
		})
		if err == nil {
			missed()
		}
		return consumer, err
	}, deliver)
}

// doubtfulFor is how long after a lost connection a listener is not trusted.
const doubtfulFor = time.Minute

// doubtful calls missed every few seconds while the broker is away and for
// doubtfulFor after that.
func (b *Bus) doubtful(ctx context.Context, missed func()) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	reconnects, trusted := b.conn.Stats().Reconnects, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := b.conn.Stats().Reconnects; !b.conn.IsConnected() || now != reconnects {
			reconnects, trusted = now, time.Now().Add(doubtfulFor)
		}
		if time.Now().Before(trusted) {
			missed()
		}
	}
}

// ListenBack is Listen that begins with what was published in the time since,
// again after any trouble: events may come twice, but none is missed for good.
func (b *Bus) ListenBack(ctx context.Context, types []string, since time.Duration, deliver func(jetstream.Msg)) error {
	return b.forever(ctx, "listener", func() (jetstream.Consumer, error) {
		from := time.Now().Add(-since)
		return b.js.OrderedConsumer(ctx, Stream, jetstream.OrderedConsumerConfig{
			FilterSubjects: subjects(types),
			DeliverPolicy:  jetstream.DeliverByStartTimePolicy,
			OptStartTime:   &from,
		})
	}, deliver)
}

// Waiting is how many events the durable consumer called name has still to
// acknowledge, delivered or not.
func (b *Bus) Waiting(ctx context.Context, name string) (int, error) {
	consumer, err := b.js.Consumer(ctx, Stream, name)
	if err != nil {
		return 0, fmt.Errorf("consumer %s: %w", name, err)
	}
	info := consumer.CachedInfo()
	return int(info.NumPending) + info.NumAckPending, nil //nolint:gosec // far from 2^63
}

func subjects(types []string) []string {
	all := make([]string, len(types))
	for i, typ := range types {
		all[i] = events + typ
	}
	return all
}

// forever consumes until ctx ends, starting over a second after any trouble.
func (b *Bus) forever(ctx context.Context, what string, make func() (jetstream.Consumer, error), deliver func(jetstream.Msg)) error {
	quiet := false
	for {
		err := b.until(ctx, make, deliver)
		if ctx.Err() == nil && (!quiet || b.conn.IsConnected()) {
			b.log.Warn("subscription interrupted; starting over", zap.String("subscription", what), zap.Error(err))
		}
		quiet = !b.conn.IsConnected() // one line per outage
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// until consumes until something is wrong with the consumer, or ctx ends.
func (b *Bus) until(ctx context.Context, make func() (jetstream.Consumer, error), deliver func(jetstream.Msg)) error {
	if err := b.Ensure(ctx); err != nil {
		return err
	}
	consumer, err := make()
	if err != nil {
		b.Doubt()
		return fmt.Errorf("make consumer: %w", err)
	}
	trouble := newSignal()
	running, err := consumer.Consume(deliver,
		jetstream.PullMaxMessages(400),
		jetstream.PullHeartbeat(5*time.Second),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { trouble.send(err) }),
	)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	defer running.Stop()
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-running.Closed():
			b.Doubt()
			return fmt.Errorf("subscription ended: %w", trouble.last())
		case <-trouble.c:
			// Trouble may be passing, such as a lost connection: look.
		case <-check.C:
		}
		if !b.conn.IsConnected() {
			continue
		}
		if _, err := consumer.Info(ctx); err != nil && ctx.Err() == nil && b.conn.IsConnected() {
			b.Doubt()
			return fmt.Errorf("look at consumer: %w", err)
		}
	}
}
