package outbox_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pgtest"
)

func TestWhenTheOrderIsAllOneAnOlderEventIsAppliedToo(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	consume(t, pool, b, outbox.Consumer{Apply: got.apply, AnyOrder: true})
	subject := uuid.New()
	late := event("thing.changed", subject, 4)
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{event("thing.changed", subject, 5)}))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{late}))
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{late, event("thing.changed", subject, 6)}))
	eventually(t, "all applied", func() bool { return len(got.subject(subject)) == 3 })
	require.Equal(t, []int64{5, 4, 6}, got.subject(subject), "each once")
}

// TestADeadLetterIsNobodyElses revives a letter when the other consumer has long
// forgotten that it had applied the event.
func TestADeadLetterIsNobodyElses(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	e := event("thing.changed", uuid.New(), 1)
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{e}))
	consume(t, pool, b, outbox.Consumer{Name: "other", Apply: got.apply, AnyOrder: true})
	eventually(t, "the other has applied it", func() bool { return got.total() == 1 })
	_, err := pool.Exec(t.Context(), "DELETE FROM inbox")
	require.NoError(t, err)

	require.NoError(t, b.Bury(t.Context(), "test", e.ID.String(), e.Type, "poison", documentOf(t, e)))
	letters, err := b.DeadLetters(t.Context(), 0, 1)
	require.NoError(t, err)
	require.NoError(t, b.Revive(t.Context(), letters[0].Number))
	consume(t, pool, b, outbox.Consumer{Name: "test", Apply: got.apply})
	marker := event("thing.changed", uuid.New(), 1)
	require.NoError(t, b.Publish(t.Context(), []cloudevent.Event{marker}))
	eventually(t, "both have gone on", func() bool {
		return count(t, pool, "SELECT count(*) FROM inbox WHERE event_id = '"+marker.ID.String()+"'") == 2
	})
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM inbox WHERE consumer = 'test' AND event_id = '"+e.ID.String()+"'"))
	require.Zero(t, count(t, pool, "SELECT count(*) FROM inbox WHERE consumer = 'other' AND event_id = '"+e.ID.String()+"'"))
}

func TestAnInboxForgetsWhatCannotComeAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations(t))
	take := func(consumer string, event uuid.UUID, at time.Time) {
		_, err := pool.Exec(t.Context(), "INSERT INTO inbox (consumer, event_id, type, subject, sequence, applied, applied_at) VALUES ($1, $2, 'a', 'b', 1, true, $3)", consumer, event, at)
		require.NoError(t, err)
	}
	long := time.Now().AddDate(0, 0, -31)
	old := func() uuid.UUID { // made 40 days ago
		made := id.New()
		milliseconds := time.Now().AddDate(0, 0, -40).UnixMilli()
		for i := range 6 {
			made[i] = byte(milliseconds >> (40 - 8*i))
		}
		return made
	}
	late, fresh := old(), id.New()
	for range 1500 {
		take("test", old(), long)
	}
	take("test", late, time.Now())
	take("test", fresh, time.Now())
	take("other", old(), long)
	require.NoError(t, outbox.ForgetTaken(t.Context(), pool, "test"))
	require.Equal(t, 2, count(t, pool, "SELECT count(*) FROM inbox WHERE consumer = 'test' AND event_id IN ('"+late.String()+"', '"+fresh.String()+"')"))
	require.Equal(t, 3, count(t, pool, "SELECT count(*) FROM inbox"))
}

func documentOf(t *testing.T, e cloudevent.Event) []byte {
	t.Helper()
	document, err := json.Marshal(e)
	require.NoError(t, err)
	return document
}
