package inventory_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/id"
)

func TestReserveStock(t *testing.T) {
	w := open(t)

	t.Run("promises every line, sums lines of one variant and tells the event", func(t *testing.T) {
		mug, cup := w.stocked(10), w.stocked(10)
		in := order(line(cup, 2), line(mug, 1), line(cup, 3))

		reservation, err := w.ReserveStock(t.Context(), in)

		require.NoError(t, err)
		require.Equal(t, inventory.Held, reservation.Status)
		require.ElementsMatch(t, []inventory.StockLine{line(mug, 1), line(cup, 5)}, reservation.Lines)
		require.Equal(t, [2]int64{10, 1}, w.level(mug))
		require.Equal(t, [2]int64{10, 5}, w.level(cup))
		require.Equal(t, []string{"inventory.reserved"}, w.told(in.OrderID))
	})

	t.Run("answers a repeat with the same reservation, and reserves once", func(t *testing.T) {
		mug := w.stocked(1)
		in := order(line(mug, 1))
		first, err := w.ReserveStock(t.Context(), in)
		require.NoError(t, err)

		again, err := w.ReserveStock(t.Context(), in)

		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, [2]int64{1, 1}, w.level(mug))
		require.Len(t, w.told(in.OrderID), 1)
	})

	t.Run("refuses an order that asks again for something else", func(t *testing.T) {
		mug := w.stocked(5)
		in := order(line(mug, 1))
		_, err := w.ReserveStock(t.Context(), in)
		require.NoError(t, err)

		in.Lines[0].Quantity = 2
		_, err = w.ReserveStock(t.Context(), in)

		require.ErrorIs(t, err, inventory.ErrReservationDiffers)
		require.Equal(t, [2]int64{5, 1}, w.level(mug))
	})

	t.Run("takes nothing when one line is short, and says which", func(t *testing.T) {
		mug, cup, unknown := w.stocked(10), w.stocked(1), id.New()
		in := order(line(mug, 1), line(cup, 2), line(unknown, 1))

		_, err := w.ReserveStock(t.Context(), in)

		require.ErrorIs(t, err, inventory.ErrOutOfStock)
		require.ElementsMatch(t, []inventory.ShortLine{
			{VariantID: cup, Requested: 2, Available: 1},
			{VariantID: unknown, Requested: 1, Available: 0},
		}, fault.Of(err).Details["lines"])
		require.Equal(t, [2]int64{10, 0}, w.level(mug))
		require.Equal(t, [2]int64{1, 0}, w.level(cup))
		require.Empty(t, w.told(in.OrderID))
	})

	t.Run("writes nothing when it refuses, so the same order may succeed later", func(t *testing.T) {
		cup := w.stocked(0)
		in := order(line(cup, 1))
		_, err := w.ReserveStock(t.Context(), in)
		require.ErrorIs(t, err, inventory.ErrOutOfStock)
		_, err = w.AdjustStock(t.Context(), inventory.AdjustStockInput{
			ProductID: cup, AdjustmentID: id.New(), Adjustment: inventory.Adjustment{VariantID: cup, Delta: 1, Reason: "found one"},
		})
		require.NoError(t, err)

		_, err = w.ReserveStock(t.Context(), in)

		require.NoError(t, err)
	})

	t.Run("refuses lines that make no sense", func(t *testing.T) {
		mug := w.stocked(10)
		for name, in := range map[string]inventory.ReserveStockInput{
			"no order":      {Lines: []inventory.StockLine{line(mug, 1)}},
			"no lines":      order(),
			"zero":          order(line(mug, 0)),
			"less":          order(line(mug, -1)),
			"too many":      order(line(mug, inventory.MaxQuantity+1)),
			"no variant":    order(line(uuid.Nil, 1)),
			"101 lines":     order(make([]inventory.StockLine, inventory.MaxLines+1)...),
			"one bad of 2":  order(line(mug, 1), line(mug, -1)),
			"int64 minimum": order(line(mug, -1<<63)),
		} {
			_, err := w.ReserveStock(t.Context(), in)
			require.ErrorIs(t, err, inventory.ErrBadStockLines, name)
		}
		require.Equal(t, [2]int64{10, 0}, w.level(mug))
	})
	w.sound()
}

func TestReleaseStock(t *testing.T) {
	w := open(t)

	t.Run("gives everything back once", func(t *testing.T) {
		mug, cup := w.stocked(3), w.stocked(3)
		in := order(line(mug, 1), line(cup, 3))
		_, err := w.ReserveStock(t.Context(), in)
		require.NoError(t, err)

		released, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, inventory.Released, released.Status)
		require.ElementsMatch(t, in.Lines, released.Lines)
		again, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: in.OrderID})
		require.NoError(t, err)

		require.Equal(t, released, again)
		require.Equal(t, [2]int64{3, 0}, w.level(mug))
		require.Equal(t, [2]int64{3, 0}, w.level(cup))
		require.Equal(t, []string{"inventory.reserved", "inventory.released"}, w.told(in.OrderID))
	})

	t.Run("leaves a tombstone that refuses a late reservation", func(t *testing.T) {
		mug := w.stocked(3)
		in := order(line(mug, 1))

		released, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: in.OrderID})
		require.NoError(t, err)
		_, late := w.ReserveStock(t.Context(), in)

		require.Equal(t, inventory.Released, released.Status)
		require.Empty(t, released.Lines)
		require.ErrorIs(t, late, inventory.ErrReservationReleased)
		require.Equal(t, [2]int64{3, 0}, w.level(mug))
		require.Empty(t, w.told(in.OrderID))
	})

	t.Run("refuses the same order again after its release", func(t *testing.T) {
		mug := w.stocked(3)
		in := order(line(mug, 3))
		_, err := w.ReserveStock(t.Context(), in)
		require.NoError(t, err)
		_, err = w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: in.OrderID})
		require.NoError(t, err)

		_, late := w.ReserveStock(t.Context(), in)

		require.ErrorIs(t, late, inventory.ErrReservationReleased)
		require.Equal(t, [2]int64{3, 0}, w.level(mug))
	})
	w.sound()
}

func TestListReservations(t *testing.T) {
	w := open(t)
	mug := w.stocked(10)
	var orders []uuid.UUID
	for range 3 {
		in := order(line(mug, 1))
		_, err := w.ReserveStock(t.Context(), in)
		require.NoError(t, err)
		orders = append(orders, in.OrderID)
	}
	_, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: orders[1]})
	require.NoError(t, err)

	held, err := w.ListHeldReservations(t.Context(), inventory.ListHeldInput{Orders: []uuid.UUID{orders[0], orders[1], id.New()}})
	require.NoError(t, err)
	require.Equal(t, inventory.HeldReservations{Orders: orders[:1]}, held)

	first, err := w.ListReservations(t.Context(), inventory.ListReservationsInput{Limit: 2})
	require.NoError(t, err)
	rest, err := w.ListReservations(t.Context(), inventory.ListReservationsInput{Limit: 2, After: orders[1]})
	require.NoError(t, err)
	require.True(t, first.More)
	require.False(t, rest.More)
	require.Equal(t, orders[0], first.Reservations[0].OrderID)
	require.Equal(t, inventory.Released, first.Reservations[1].Status)
	require.Equal(t, []inventory.StockLine{line(mug, 1)}, rest.Reservations[0].Lines)
}

func TestADatabaseThatIsOutIsUnavailable(t *testing.T) {
	w := open(t)
	mug := w.stocked(1)
	w.pool.Close()
	_, err := w.ReserveStock(t.Context(), order(line(mug, 1)))
	require.Error(t, err)

	w = open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.ReserveStock(gone, order(line(mug, 1)))
	require.Error(t, err)
}
