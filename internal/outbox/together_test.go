package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/internal/bus"
	"kassa/internal/bus/bustest"
	"kassa/internal/cloudevent"
	"kassa/internal/outbox"
	"kassa/internal/pgtest"
)

// TestAPoisonEventAmongManyIsBuriedAlone lets one event of a batch panic after
// others of it have had their effect in the same transaction.
func TestAPoisonEventAmongManyIsBuriedAlone(t *testing.T) {
	t.Parallel()
	pool, nats := pgtest.New(t, migrations(t)), bustest.Run(t)
	b := nats.Connect()
	got := effects(t, pool)
	poison := event("thing.changed", uuid.New(), 1)
	var all []cloudevent.Event
	for range 5 {
		all = append(all, event("thing.changed", uuid.New(), 1))
	}
	all = append(all[:3:3], append([]cloudevent.Event{poison}, all[3:]...)...)
	all = append(all, all[0], all[5]) // what the broker brings twice
	require.NoError(t, b.Publish(t.Context(), all))
	consume(t, pool, b, outbox.Consumer{
		AnyOrder: true, RetryAfter: []time.Duration{50 * time.Millisecond},
		ApplyAll: func(ctx context.Context, tx pgx.Tx, told []cloudevent.Event) error {
			for _, e := range told {
				if e.ID == poison.ID {
					panic("poison")
				}
				if err := got.apply(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		},
	})
	var letters []bus.DeadLetter
	eventually(t, "the poison buried", func() bool {
		var err error
		letters, err = b.DeadLetters(t.Context(), 0, 10)
		require.NoError(t, err)
		return len(letters) == 1
	})
	require.Equal(t, "given up\npanic: poison", letters[0].Reason)
	eventually(t, "the others applied", func() bool { return got.total() == 5 })
	for _, e := range all {
		if e.ID != poison.ID {
			require.Equal(t, []int64{1}, got.subject(uuid.MustParse(e.Subject)), "once")
		}
	}
}
