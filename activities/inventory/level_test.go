package inventory_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
	"kassa/internal/id"
)

// look tells the levels and answers the events about the variant since the last look.
func (w warehouse) look(variant uuid.UUID, before int) []string {
	w.t.Helper()
	_, err := w.TellStockLevels(ctx(w.t), inventory.TellStockLevelsInput{})
	require.NoError(w.t, err)
	return w.told(variant)[before:]
}

func TestTellStockLevels(t *testing.T) {
	w := open(t)
	five := int64(5)
	mug := id.New()
	_, err := w.SetStock(t.Context(), inventory.SetStockInput{
		ProductID: mug, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: mug, OnHand: 10, LowAt: &five}},
	})
	require.NoError(t, err)
	require.Empty(t, w.look(mug, 1), "there is enough")

	first := w.reserved(line(mug, 4))
	require.Empty(t, w.look(mug, 1), "six are left")
	second := w.reserved(line(mug, 1))
	require.Equal(t, []string{"inventory.low"}, w.look(mug, 1), "five are left")
	require.Empty(t, w.look(mug, 2), "it is told once")

	third := w.reserved(line(mug, 5))
	require.Equal(t, []string{"inventory.low"}, w.look(mug, 2), "none is left")
	for _, order := range []uuid.UUID{third, first} {
		_, err = w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: order})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"inventory.back_in_stock"}, w.look(mug, 3))

	w.reserved(line(mug, 4))
	require.Equal(t, []string{"inventory.low"}, w.look(mug, 4), "few again")
	_, err = w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: second})
	require.NoError(t, err)
	require.Empty(t, w.look(mug, 5), "that there are plenty is no news")

	none := w.stocked(0)
	require.Equal(t, []string{"inventory.low"}, w.look(none, 1), "there never was one")
	w.sound()
}

func TestReadAvailability(t *testing.T) {
	w := open(t)
	mug, unknown := w.stocked(3), id.New()
	w.reserved(line(mug, 1))
	found, err := w.ReadAvailability(t.Context(), inventory.ReadAvailabilityInput{Variants: []uuid.UUID{mug, unknown}})
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]int64{mug: 2, unknown: 0}, found.Available)
}
