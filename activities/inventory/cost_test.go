package inventory_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
)

// statements counts what is sent to the database: each is a round trip, once
// the connection has prepared it.
type statements struct{ sent atomic.Int64 }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.sent.Add(1)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestAReservationCostsOneRoundTrip(t *testing.T) {
	w := open(t)
	counter := &statements{}
	config := w.pool.Config().Copy()
	config.ConnConfig.Tracer = counter
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	svc := inventory.New(pool)
	mug, cup, none := w.stocked(10), w.stocked(10), w.stocked(0)

	in := order(line(mug, 1), line(cup, 2))
	_, err = svc.ReserveStock(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, int64(1), counter.sent.Swap(0), "reserved")

	_, err = svc.ReserveStock(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, int64(3), counter.sent.Swap(0), "repeated: and what it had, and its lines")

	_, err = svc.ReserveStock(t.Context(), order(line(none, 1)))
	require.ErrorIs(t, err, inventory.ErrOutOfStock)
	require.Equal(t, int64(2), counter.sent.Swap(0), "refused: and whether it has been here before")
}
