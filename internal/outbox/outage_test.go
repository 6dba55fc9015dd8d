package outbox_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/correlation"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
)

func TestABrokerThatComesLaterGetsWhatWaited(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.New(t)
	b := nats.Connect()
	require.Error(t, b.Ready(t.Context()))
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	relay(t, pool, b)
	subject := uuid.New()
	appendAll(t, pool, event("thing.changed", subject, 1), event("thing.changed", subject, 2))

	nats.Start()
	eventually(t, "both applied", func() bool { return got.total() == 2 })

	nats.Stop()
	appendAll(t, pool, event("thing.changed", subject, 3))
	nats.Start()
	eventually(t, "the one from the outage applied", func() bool { return got.total() == 3 })
	require.Equal(t, []int64{1, 2, 3}, got.subject(subject))
}

func TestABrokerThatLostItsDataIsFilledAgain(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	relay(t, pool, b)
	subject := uuid.New()
	appendAll(t, pool, event("thing.changed", subject, 1))
	eventually(t, "the first published", func() bool {
		return count(t, pool, "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 1
	})

	nats.Stop()
	nats.Wipe()
	nats.Start()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	eventually(t, "what the broker lost applied", func() bool { return got.total() == 1 })
	appendAll(t, pool, event("thing.changed", subject, 2))
	eventually(t, "what came after applied", func() bool { return got.total() == 2 })

	nats.Stop()
	nats.Wipe()
	nats.Start()
	appendAll(t, pool, event("thing.changed", subject, 3))
	eventually(t, "a consumer that was running is made anew", func() bool { return got.total() == 3 })
	require.Equal(t, []int64{1, 2, 3}, got.subject(subject))
}

func TestOneOfTwoRelaysLeads(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	leaders := func() int {
		return count(t, pool, "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
	}
	stopFirst := relay(t, pool, b)
	eventually(t, "the first leads", func() bool { return leaders() == 1 })
	relay(t, pool, nats.Connect())
	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	eventually(t, "published by the first", func() bool { return got.total() == 1 })
	require.Equal(t, 1, leaders())

	stopFirst()
	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	eventually(t, "published by the second", func() bool { return got.total() == 2 })
	require.Equal(t, 1, leaders())
}

func TestARelayOutlivesItsConnection(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	relay(t, pool, b)
	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	eventually(t, "the first applied", func() bool { return got.total() == 1 })

	_, err := pool.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	require.NoError(t, err)
	pool.Reset()
	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	eventually(t, "the second applied", func() bool { return got.total() == 2 })
}

func TestEffectsHappenOnceWhenInstancesShareTheWork(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	got := effects(t, pool)
	for range 3 {
		consume(t, pool, nats.Connect(), outbox.Consumer{Apply: got.apply})
	}
	b := nats.Connect()
	relay(t, pool, b)
	for range 30 {
		var batch []cloudevent.Event
		for range 20 {
			batch = append(batch, event("thing.changed", uuid.New(), 1))
		}
		appendAll(t, pool, batch...)
	}
	eventually(t, "all published", func() bool {
		return count(t, pool, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0
	})
	_, err := outbox.Republish(t.Context(), pool, b, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	eventually(t, "all applied", func() bool { return got.total() == 600 })
	eventually(t, "the repeats acknowledged", func() bool {
		waiting, err := b.Waiting(t.Context(), "test")
		return err == nil && waiting == 0
	})
	require.Equal(t, 600, got.total())
	require.Equal(t, 600, count(t, pool, "SELECT count(*) FROM inbox WHERE applied"))
}

func TestOldEventsAreDeleted(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	require.NoError(t, b.Ready(t.Context()))
	appendAll(t, pool, event("thing.changed", uuid.New(), 1), event("thing.changed", uuid.New(), 1))
	// The stream must be older than the mark, or the event counts as lost.
	_, err := pool.Exec(t.Context(), "UPDATE outbox SET published_at = now() - interval '15 days' WHERE position = 1")
	require.NoError(t, err)
	require.NoError(t, outbox.DeleteOld(t.Context(), pool))
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM outbox"))
}

func TestABroadcastReachesEveryListener(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	heard := make(chan cloudevent.Event, 100_000) // a listener must never wait for the test
	var missed atomic.Int64
	for range 2 {
		b := nats.Connect()
		start(t, func(ctx context.Context) error {
			return outbox.Broadcast(ctx, b, []string{"thing.changed"}, func(e cloudevent.Event) { heard <- e }, func() { missed.Add(1) })
		})
	}
	b := nats.Connect()
	relay(t, pool, b)
	subject := uuid.New()
	sequence := int64(0)
	eventually(t, "both listen", func() bool {
		sequence++
		appendAll(t, pool, event("thing.changed", subject, sequence))
		return len(heard) >= 3 && sequence < int64(len(heard))
	})
	require.GreaterOrEqual(t, missed.Load(), int64(2), "each begins with an empty cache")
	before := missed.Load()
	nats.Stop()
	eventually(t, "both are told that they hear nothing", func() bool { return missed.Load() >= before+2 })
	before = missed.Load()
	nats.Start()
	eventually(t, "and not to trust what they hear at first", func() bool { return missed.Load() >= before+2 })
	for len(heard) > 0 {
		<-heard
	}
	last := event("thing.changed", subject, sequence+1)
	appendAll(t, pool, last)
	for ears := 0; ears < 2; {
		select {
		case e := <-heard:
			if e.ID == last.ID {
				ears++
			}
		case <-time.After(within):
			t.Fatal("not heard after the broker's restart")
		}
	}
}

func TestTheCorrelationAndTheCauseOfAnEventTravel(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	follow := event("thing.followed", uuid.New(), 1)
	consume(t, pool, b, outbox.Consumer{Apply: func(ctx context.Context, tx pgx.Tx, _ cloudevent.Event) error {
		return outbox.Append(ctx, tx, follow)
	}})
	followed := make(chan cloudevent.Event, 10) // it may come again
	consume(t, pool, b, outbox.Consumer{Name: "second", Types: []string{"thing.followed"}, Apply: func(_ context.Context, _ pgx.Tx, e cloudevent.Event) error {
		followed <- e
		return nil
	}})
	relay(t, pool, b)
	cause := event("thing.changed", uuid.New(), 1)
	ctx := correlation.With(t.Context(), "abc")
	require.NoError(t, pg.InTx(ctx, pool, func(tx pgx.Tx) error { return outbox.Append(ctx, tx, cause) }))
	select {
	case e := <-followed:
		require.Equal(t, "abc", e.CorrelationID)
		require.Equal(t, cause.ID.String(), e.CausationID)
	case <-time.After(within):
		t.Fatal("no event")
	}
}

func TestARelayThatIsAwakeNeedsNoNotification(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	got := effects(t, pool)
	b := nats.Connect()
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	listener, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	t.Cleanup(listener.Release)
	_, err = listener.Exec(t.Context(), "LISTEN outbox")
	require.NoError(t, err)
	notified := func(d time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		_, err := listener.Conn().WaitForNotification(ctx)
		return err == nil
	}
	awake := func() bool {
		return count(t, pool, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid = x'74626f78'::bigint::oid AND classid = x'6f75'::int::oid") == 1
	}
	relay(t, pool, b)

	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	require.True(t, notified(within))
	appended := 1
	eventually(t, "while it is awake nobody is notified", func() bool {
		was := awake() // it may fall asleep meanwhile, on a busy machine
		appendAll(t, pool, event("thing.changed", uuid.New(), 1))
		appended++
		return !notified(100*time.Millisecond) && was
	})
	eventually(t, "all applied", func() bool { return got.total() == appended })

	eventually(t, "the relay sleeps", func() bool { return !awake() })
	appendAll(t, pool, event("thing.changed", uuid.New(), 1))
	require.True(t, notified(within))
	eventually(t, "the last applied", func() bool { return got.total() == appended+1 })
}

func TestADatabaseThatIsOutIsNoFailureOfTheEvent(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	got := effects(t, pool)
	b := nats.Connect()
	cfg := pool.Config().ConnConfig.Copy()
	name := cfg.Database
	cfg.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	allow := func(yes string) {
		_, err := admin.Exec(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS "+yes)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(context.WithoutCancel(t.Context()), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
	})

	began, first := make(chan struct{}), true
	consume(t, pool, b, outbox.Consumer{
		RetryAfter: []time.Duration{}, // the first failure of its own would bury it
		Apply: func(ctx context.Context, tx pgx.Tx, e cloudevent.Event) error {
			if first {
				first = false
				close(began)
				for { // until the database goes away
					if _, err := tx.Exec(ctx, "SELECT pg_sleep(0.1)"); err != nil {
						return err
					}
				}
			}
			return got.apply(ctx, tx, e)
		},
	})
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", uuid.New(), 1)}))
	select {
	case <-began:
	case <-time.After(within):
		t.Fatal("no event")
	}
	allow("false")
	_, err = admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	require.NoError(t, err)
	eventually(t, "the consumer has noticed", func() bool { return pool.Ping(t.Context()) != nil })
	allow("true")
	eventually(t, "applied", func() bool { return pool.Ping(t.Context()) == nil && got.total() == 1 })
	letters, err := b.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, letters)
}
