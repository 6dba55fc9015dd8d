package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"kassa/internal/bus"
	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/fault"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func migrations(t testing.TB) fs.FS {
	tables, err := os.ReadFile("testdata/0002_outbox.sql")
	require.NoError(t, err)
	return fstest.MapFS{"0002_outbox.sql": &fstest.MapFile{Data: tables}}
}

// within is how long a test waits for what must happen.
const within = time.Minute

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, within, 10*time.Millisecond, what)
}

// start runs a component until the test or the returned stop ends it.
func start(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(within):
			t.Error("did not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

func event(typ string, subject uuid.UUID, sequence int64) cloudevent.Event {
	return cloudevent.Event{
		SpecVersion: "1.0", ID: uuid.New(), Source: "/kassa/test", Type: typ, Subject: subject.String(),
		Time: time.Now().UTC(), DataContentType: "application/json",
		Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, sequence)), Sequence: sequence,
	}
}

// appendAll commits events. It tries again when the pool has no connection in
// time, as it may on a busy machine.
func appendAll(t testing.TB, pool *pgxpool.Pool, events ...cloudevent.Event) {
	t.Helper()
	for deadline := time.Now().Add(within); ; {
		err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			return outbox.Append(t.Context(), tx, events...)
		})
		if !errors.Is(err, fault.ErrUnavailable) || time.Now().After(deadline) {
			require.NoError(t, err)
			return
		}
	}
}

func count(t testing.TB, pool *pgxpool.Pool, query string) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(t.Context(), query).Scan(&n))
	return n
}

// seen is a consumer's effects: rows of a table, so that what is rolled back
// has not happened.
type seen struct {
	t    testing.TB
	pool *pgxpool.Pool
}

func effects(t testing.TB, pool *pgxpool.Pool) seen {
	t.Helper()
	_, err := pool.Exec(t.Context(), "CREATE TABLE effects (n bigserial, subject text, sequence bigint)")
	require.NoError(t, err)
	return seen{t, pool}
}

func (s seen) apply(ctx context.Context, tx pgx.Tx, e cloudevent.Event) error {
	_, err := tx.Exec(ctx, "INSERT INTO effects (subject, sequence) VALUES ($1, $2)", e.Subject, e.Sequence)
	return err
}

func (s seen) total() int { return count(s.t, s.pool, "SELECT count(*) FROM effects") }

// subject answers the sequences applied to a subject, in order.
func (s seen) subject(id uuid.UUID) []int64 {
	rows, err := s.pool.Query(s.t.Context(), "SELECT sequence FROM effects WHERE subject = $1 ORDER BY n", id.String())
	require.NoError(s.t, err)
	sequences, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(s.t, err)
	return sequences
}

func relay(t testing.TB, pool *pgxpool.Pool, b *bus.Bus) (stop func()) {
	return start(t, (&outbox.Relay{Pool: pool, Bus: b, Log: zaptest.NewLogger(t)}).Run)
}

func consume(t testing.TB, pool *pgxpool.Pool, b *bus.Bus, c outbox.Consumer) {
	t.Helper()
	c.Pool, c.Bus, c.Log = pool, b, zaptest.NewLogger(t)
	if c.Name == "" {
		c.Name = "test"
	}
	if c.Types == nil {
		c.Types = []string{"thing.changed"}
	}
	start(t, c.Run)
}

func TestEventsOfASubjectArriveInOrder(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	relay(t, pool, b)

	var subjects []uuid.UUID
	for range 20 {
		subjects = append(subjects, uuid.New())
	}
	for sequence := int64(1); sequence <= 50; sequence++ {
		for _, subject := range subjects {
			appendAll(t, pool, event("thing.changed", subject, sequence))
		}
	}
	eventually(t, "all events applied", func() bool { return got.total() == 1000 })
	for _, subject := range subjects {
		sequences := got.subject(subject)
		require.IsIncreasing(t, sequences)
		require.Len(t, sequences, 50)
	}
	eventually(t, "all events marked", func() bool {
		return count(t, pool, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0
	})
}

func TestEventsOfATransactionThatCommitsLateAreNotPassedOver(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	relay(t, pool, b)
	early, late := uuid.New(), uuid.New()

	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	require.NoError(t, outbox.Append(t.Context(), tx, event("thing.changed", early, 1)))
	appendAll(t, pool, event("thing.changed", late, 1))
	eventually(t, "the event with the higher position applied", func() bool { return got.total() == 1 })
	require.NoError(t, tx.Commit(t.Context()))
	eventually(t, "the event with the lower position applied", func() bool { return got.total() == 2 })
}

func TestARelayThatDiesBeforeItMarksCausesNoSecondEffect(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	subject := uuid.New()
	first, second := event("thing.changed", subject, 1), event("thing.changed", subject, 2)
	appendAll(t, pool, first, second)

	// What a relay does up to its death: publish, and no more.
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{first, second}))
	eventually(t, "both applied", func() bool { return got.total() == 2 })
	// The next one's repeats get past the broker, as they would after its window.
	n, err := outbox.Republish(t.Context(), pool, b, time.Time{})
	require.NoError(t, err)
	require.Zero(t, n, "what is not marked is the relay's")
	relay(t, pool, b)
	eventually(t, "both marked", func() bool {
		return count(t, pool, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0
	})
	n, err = outbox.Republish(t.Context(), pool, b, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	marker := event("thing.changed", uuid.New(), 1)
	appendAll(t, pool, marker)
	eventually(t, "what came after the repeats applied", func() bool { return got.total() == 3 })
	require.Equal(t, []int64{1, 2}, got.subject(subject))
	require.Equal(t, 3, count(t, pool, "SELECT count(*) FROM inbox WHERE applied"))
}

func TestAnOlderEventIsDropped(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply})
	subject := uuid.New()
	fromElsewhere := event("thing.changed", subject, 1)
	fromElsewhere.Source = "/kassa/other"

	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", subject, 5)}))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", subject, 4)}))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{fromElsewhere, event("thing.changed", subject, 6)}))

	eventually(t, "the newer ones applied", func() bool { return got.total() == 3 })
	require.Equal(t, []int64{5, 1, 6}, got.subject(subject), "another service counts by itself")
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM inbox WHERE NOT applied AND sequence = 4"))
}

func TestAPoisonEventIsBuriedWhileOthersFlow(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	poisoned, other := uuid.New(), uuid.New()
	var cured bool
	var mu sync.Mutex
	attempts := 0
	consume(t, pool, b, outbox.Consumer{
		RetryAfter: []time.Duration{50 * time.Millisecond, 100 * time.Millisecond},
		Apply: func(ctx context.Context, tx pgx.Tx, e cloudevent.Event) error {
			mu.Lock()
			defer mu.Unlock()
			if e.Subject == poisoned.String() && e.Sequence == 1 && !cured {
				if attempts++; attempts == 2 {
					panic("poison")
				}
				return errors.New("poison")
			}
			return got.apply(ctx, tx, e)
		},
	})
	relay(t, pool, b)
	appendAll(t, pool, event("thing.changed", other, 1), event("thing.changed", poisoned, 1),
		event("thing.changed", poisoned, 2), event("thing.changed", other, 2))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{{Type: "thing.changed"}}))

	eventually(t, "the others applied", func() bool { return len(got.subject(other)) == 2 })
	eventually(t, "the successor applied", func() bool { return len(got.subject(poisoned)) == 1 })
	mu.Lock()
	require.GreaterOrEqual(t, attempts, 3, "its own, and those as part of a batch")
	mu.Unlock()
	var letters []bus.DeadLetter
	eventually(t, "the poison buried", func() bool {
		var err error
		letters, err = b.DeadLetters(t.Context(), 0, 10)
		require.NoError(t, err)
		return len(letters) == 2
	})
	for _, l := range letters {
		if l.Reason != "given up\npoison" {
			require.Equal(t, "the event lacks an id, a subject or a sequence", l.Reason)
			continue
		}
		require.Equal(t, "test", l.Consumer)
		require.Equal(t, "thing.changed", l.Type)
		mu.Lock()
		cured = true
		mu.Unlock()
		require.NoError(t, b.Revive(t.Context(), l.Number))
	}
	eventually(t, "the revived event applied, late as it is", func() bool { return len(got.subject(poisoned)) == 2 })
	require.Equal(t, []int64{2, 1}, got.subject(poisoned))
	letters, err := b.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
}

func TestASuccessorWaitsForAnEventThatFailed(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	attempts := 0
	consume(t, pool, b, outbox.Consumer{
		RetryAfter: []time.Duration{200 * time.Millisecond, 200 * time.Millisecond, 200 * time.Millisecond},
		Apply: func(ctx context.Context, tx pgx.Tx, e cloudevent.Event) error {
			if e.Sequence == 1 && attempts < 3 {
				attempts++
				return errors.New("not now")
			}
			return got.apply(ctx, tx, e)
		},
	})
	subject := uuid.New()
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", subject, 1)}))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", subject, 2)}))
	eventually(t, "both applied", func() bool { return got.total() == 2 })
	require.Equal(t, []int64{1, 2}, got.subject(subject))
}
