package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Names on the wire. An event of type order.confirmed has the subject
// kassa.event.order.confirmed.
const (
	Stream     = "KASSA"
	DeadStream = "KASSA_DEAD"
	events     = "kassa.event."
	dead       = "kassa.dead."
)

const (
	keepFor      = 14 * 24 * time.Hour // as long as the outbox keeps its events
	keepDeadFor  = 90 * 24 * time.Hour
	dedupeWithin = 10 * time.Minute // the broker drops a repeated event id within this time
	ackWithin    = 5 * time.Second  // the broker's acknowledgement of a publication
)

// Bus is a connection to the broker. It is safe for concurrent use.
type Bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
	log  *zap.Logger

	ensuring sync.Mutex
	doubts   atomic.Int64 // counts the times that the streams may have gone
	ensured  atomic.Int64 // the count for which they were last seen; −1 at first
	born     atomic.Int64 // when the stream of events was made, Unix nanoseconds; 0 while unknown
}

// Connect makes a Bus that connects, and connects again, for ever. A broker
// that is down is no error; a malformed URL is. name is the service's, shown
// by the broker's monitoring.
func Connect(url, name string, log *zap.Logger) (*Bus, error) {
	b := &Bus{log: log.Named("bus")}
	b.ensured.Store(-1)
	conn, err := nats.Connect(url,
		nats.Name("kassa-"+name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500*time.Millisecond),
		nats.ReconnectBufSize(-1), // fail at once while disconnected: the outbox keeps the events
		nats.Timeout(2*time.Second),
		nats.PingInterval(10*time.Second),
		nats.ConnectHandler(func(*nats.Conn) { b.Doubt() }),
		nats.ReconnectHandler(func(c *nats.Conn) {
			b.Doubt()
			b.log.Info("connected again", zap.String("url", c.ConnectedUrlRedacted()))
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			b.Doubt()
			if err != nil {
				b.log.Warn("connection lost", zap.Error(err))
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("asynchronous error", zap.Error(err))
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(conn,
		jetstream.WithPublishAsyncMaxPending(1024),
		jetstream.WithPublishAsyncTimeout(ackWithin),
		jetstream.WithDefaultTimeout(ackWithin),
	)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	b.conn, b.js = conn, js
	return b, nil
}

// Close ends the connection. What is not acknowledged will come again.
func (b *Bus) Close() { b.conn.Close() }

// Ready reports whether the broker can take and deliver events.
func (b *Bus) Ready(ctx context.Context) error { return b.Ensure(ctx) }

// Born is when the stream was made, or the zero time while that is not known.
// What was published before it has been lost.
func (b *Bus) Born() time.Time {
	at := b.born.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}

var errDisconnected = errors.New("not connected to NATS")

// Ensure makes the streams when they are missing. It asks the broker only
// once per connection, or after Doubt.
func (b *Bus) Ensure(ctx context.Context) error {
	if b.ensured.Load() == b.doubts.Load() {
		return nil
	}
	b.ensuring.Lock()
	defer b.ensuring.Unlock()
	doubts := b.doubts.Load() // doubt that comes up meanwhile stays
	if b.ensured.Load() == doubts {
		return nil
	}
	if !b.conn.IsConnected() {
		return errDisconnected
	}
	if err := b.ensure(ctx); err != nil {
		return err
	}
	b.ensured.Store(doubts)
	return nil
}

// Doubt makes the next Ensure ask the broker again.
func (b *Bus) Doubt() { b.doubts.Add(1) }

func (b *Bus) ensure(ctx context.Context) error {
	_, err := b.stream(ctx, jetstream.StreamConfig{
		Name:        DeadStream,
		Description: "Events that a consumer could not apply; read and replay them by hand.",
		Subjects:    []string{dead + ">"},
		MaxAge:      keepDeadFor,
		Storage:     jetstream.FileStorage,
		Duplicates:  dedupeWithin,
	})
	if err != nil {
		return err
	}
	info, err := b.stream(ctx, jetstream.StreamConfig{
		Name:        Stream,
		Description: "What Kassa's services tell each other.",
		Subjects:    []string{events + ">"},
		MaxAge:      keepFor,
		Storage:     jetstream.FileStorage,
		Duplicates:  dedupeWithin,
	})
	if err != nil {
		return err
	}
	b.born.Store(info.Created.UnixNano())
	return nil
}

// stream answers the stream's state, after making it if need be. Two services
// may try at once; the second finds it made.
func (b *Bus) stream(ctx context.Context, cfg jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	stream, err := b.js.Stream(ctx, cfg.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		b.log.Info("making stream", zap.String("stream", cfg.Name))
		stream, err = b.js.CreateStream(ctx, cfg)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			stream, err = b.js.Stream(ctx, cfg.Name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Name, err)
	}
	return stream.CachedInfo(), nil
}
