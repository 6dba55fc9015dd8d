package inventory_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/inventory"
	"kassa/internal/id"
)

func shipment(order uuid.UUID, lines ...inventory.StockLine) inventory.ShipStockInput {
	return inventory.ShipStockInput{OrderID: order, ShipmentID: id.New(), Lines: lines}
}

func restock(order uuid.UUID, lines ...inventory.StockLine) inventory.RestockReturnInput {
	return inventory.RestockReturnInput{OrderID: order, ReturnID: id.New(), Lines: lines}
}

// reserved makes a reservation of the lines.
func (w warehouse) reserved(lines ...inventory.StockLine) uuid.UUID {
	w.t.Helper()
	in := order(lines...)
	_, err := w.ReserveStock(ctx(w.t), in)
	require.NoError(w.t, err)
	return in.OrderID
}

func TestShipStock(t *testing.T) {
	w := open(t)

	t.Run("takes what leaves off on hand and reserved, in parts, until all is shipped", func(t *testing.T) {
		mug, cup := w.stocked(10), w.stocked(10)
		sold := w.reserved(line(mug, 3), line(cup, 2))
		first, err := w.ShipStock(t.Context(), shipment(sold, line(mug, 1), line(cup, 2), line(mug, 1)))
		require.NoError(t, err)
		require.ElementsMatch(t, []inventory.StockLine{line(mug, 2), line(cup, 2)}, first.Lines)
		require.False(t, first.Complete)
		require.Equal(t, [2]int64{8, 1}, w.level(mug))
		require.Equal(t, [2]int64{8, 0}, w.level(cup))

		last, err := w.ShipStock(t.Context(), shipment(sold, line(mug, 1)))
		require.NoError(t, err)
		require.True(t, last.Complete)
		require.Equal(t, [2]int64{7, 0}, w.level(mug))
		require.Equal(t, []string{"inventory.changed", "inventory.changed", "inventory.changed"}, w.told(mug))
		require.Equal(t, []string{"inventory.reserved"}, w.told(sold))
	})

	t.Run("answers a repeat with the same shipment, and ships once", func(t *testing.T) {
		mug := w.stocked(10)
		in := shipment(w.reserved(line(mug, 3)), line(mug, 3))
		first, err := w.ShipStock(t.Context(), in)
		require.NoError(t, err)
		again, err := w.ShipStock(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, [2]int64{7, 0}, w.level(mug))
		in.Lines = []inventory.StockLine{line(mug, 2)}
		_, err = w.ShipStock(t.Context(), in)
		require.ErrorIs(t, err, inventory.ErrShipmentDiffers)
	})

	t.Run("ships no more than the order holds", func(t *testing.T) {
		mug, cup := w.stocked(10), w.stocked(10)
		sold := w.reserved(line(mug, 3))
		for name, lines := range map[string][]inventory.StockLine{
			"too many": {line(mug, 4)}, "another variant": {line(cup, 1)}, "one of two": {line(mug, 1), line(cup, 1)},
		} {
			_, err := w.ShipStock(t.Context(), shipment(sold, lines...))
			require.ErrorIs(t, err, inventory.ErrShipmentExceeds, name)
		}
		require.Equal(t, [2]int64{10, 3}, w.level(mug))
		_, err := w.ShipStock(t.Context(), shipment(id.New(), line(mug, 1)))
		require.ErrorIs(t, err, inventory.ErrReservationMissing)
		_, err = w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: sold})
		require.NoError(t, err)
		_, err = w.ShipStock(t.Context(), shipment(sold, line(mug, 1)))
		require.ErrorIs(t, err, inventory.ErrReservationReleased)
		_, err = w.ShipStock(t.Context(), shipment(sold))
		require.ErrorIs(t, err, inventory.ErrBadStockLines)
	})

	t.Run("leaves to a release what has not shipped", func(t *testing.T) {
		mug := w.stocked(10)
		sold := w.reserved(line(mug, 3))
		_, err := w.ShipStock(t.Context(), shipment(sold, line(mug, 1)))
		require.NoError(t, err)
		released, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: sold})
		require.NoError(t, err)
		require.Equal(t, inventory.Released, released.Status)
		require.Equal(t, []inventory.StockLine{line(mug, 1)}, released.Shipped)
		require.Equal(t, [2]int64{9, 0}, w.level(mug))

		all := w.reserved(line(mug, 2))
		_, err = w.ShipStock(t.Context(), shipment(all, line(mug, 2)))
		require.NoError(t, err)
		kept, err := w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: all})
		require.NoError(t, err)
		require.Equal(t, inventory.Shipped, kept.Status, "what has left cannot be given back")
		require.Equal(t, [2]int64{7, 0}, w.level(mug))
		again, err := w.ReserveStock(t.Context(), inventory.ReserveStockInput{OrderID: all, Lines: []inventory.StockLine{line(mug, 2)}})
		require.NoError(t, err)
		require.Equal(t, inventory.Shipped, again.Status, "a late repeat reserves nothing")
	})
	w.sound()
}

func TestRestockReturn(t *testing.T) {
	w := open(t)
	mug := w.stocked(10)
	sold := w.reserved(line(mug, 4))
	_, err := w.RestockReturn(t.Context(), restock(sold, line(mug, 1)))
	require.ErrorIs(t, err, inventory.ErrReturnExceeds, "nothing has shipped yet")
	_, err = w.ShipStock(t.Context(), shipment(sold, line(mug, 3)))
	require.NoError(t, err)

	in := restock(sold, line(mug, 2))
	first, err := w.RestockReturn(t.Context(), in)
	require.NoError(t, err)
	again, err := w.RestockReturn(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, [2]int64{9, 1}, w.level(mug))
	in.Lines = []inventory.StockLine{line(mug, 1)}
	_, err = w.RestockReturn(t.Context(), in)
	require.ErrorIs(t, err, inventory.ErrReturnDiffers)

	_, err = w.RestockReturn(t.Context(), restock(sold, line(mug, 2)))
	require.ErrorIs(t, err, inventory.ErrReturnExceeds, "one is left to come back")
	_, err = w.RestockReturn(t.Context(), restock(id.New(), line(mug, 1)))
	require.ErrorIs(t, err, inventory.ErrReservationMissing)
	w.sound()
}

// takeTurns is insist for what holds its locks for several statements: on a busy
// machine a turn may be waited for in vain. A deadlock is still a failure.
func takeTurns(do func() error) error {
	for {
		err := insist(do)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "55P03" {
			return err
		}
	}
}

// TestTwoParcelsAtOnceShipWhatThereIs lets shipments in opposite line order,
// repeats, counts and returns of a few orders collide.
func TestTwoParcelsAtOnceShipWhatThereIs(t *testing.T) {
	w := open(t)
	shelf := []uuid.UUID{w.stocked(100), w.stocked(100)}
	for range 10 {
		sold := w.reserved(line(shelf[0], 5), line(shelf[1], 5))
		repeated := shipment(sold, line(shelf[0], 1), line(shelf[1], 1))
		var shipped atomic.Int64
		var packers errgroup.Group
		for n := range 12 {
			packers.Go(func() error {
				in := shipment(sold, line(shelf[0], 1), line(shelf[1], 1))
				if n%2 == 1 {
					slices.Reverse(in.Lines)
				}
				if n >= 10 {
					in = repeated
				}
				err := takeTurns(func() error { _, err := w.ShipStock(ctx(t), in); return err })
				if errors.Is(err, inventory.ErrShipmentExceeds) {
					return nil
				}
				if err == nil && n < 10 {
					shipped.Add(1)
				}
				return err
			})
		}
		packers.Go(func() error {
			return takeTurns(func() error {
				_, err := w.AdjustStock(ctx(t), inventory.AdjustStockInput{
					ProductID: shelf[0], AdjustmentID: id.New(), Adjustment: inventory.Adjustment{VariantID: shelf[0], Delta: 1, Reason: "found"},
				})
				return err
			})
		})
		require.NoError(t, packers.Wait())
		require.Contains(t, []int64{4, 5}, shipped.Load())
	}
	require.Equal(t, [2]int64{60, 0}, w.level(shelf[0]), "100, less 50 sold, and 10 found")
	require.Equal(t, [2]int64{50, 0}, w.level(shelf[1]))
	w.sound()
}
