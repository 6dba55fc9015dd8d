package inventory_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/id"
)

func TestSetStock(t *testing.T) {
	w := open(t)

	t.Run("an inventory begins empty, at version 1", func(t *testing.T) {
		product := id.New()
		stock, err := w.ReadStock(t.Context(), inventory.ReadStockInput{ProductID: product})
		require.NoError(t, err)
		require.Equal(t, inventory.Inventory{ProductID: product, Variants: []inventory.StockLevel{}, Version: 1}, stock)
	})

	t.Run("counts the variants it names and leaves the others", func(t *testing.T) {
		product, red, blue := id.New(), id.New(), id.New()
		_, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: product, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: blue, OnHand: 0}, {VariantID: red, OnHand: 7}},
		})
		require.NoError(t, err)

		after, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: product, IfVersion: 3, Variants: []inventory.StockCount{{VariantID: red, OnHand: 5}},
		})

		require.NoError(t, err)
		require.Equal(t, int64(4), after.Version)
		onHand := map[uuid.UUID]int64{}
		for _, level := range after.Variants {
			onHand[level.VariantID] = level.OnHand
		}
		require.Equal(t, map[uuid.UUID]int64{red: 5, blue: 0}, onHand)
		require.Equal(t, []string{"inventory.changed", "inventory.changed"}, w.told(red))
		require.Equal(t, []string{"inventory.changed"}, w.told(blue))
	})

	t.Run("refuses a count that was made before another change", func(t *testing.T) {
		mug := w.stocked(7)
		_, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: mug, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: mug, OnHand: 9}},
		})
		require.ErrorIs(t, err, inventory.ErrStockStale)
		require.Equal(t, map[string]any{"current_version": int64(2)}, fault.Of(err).Details)
		require.Equal(t, [2]int64{7, 0}, w.level(mug))
	})

	t.Run("is not outrun by reservations", func(t *testing.T) {
		mug := w.stocked(7)
		_, err := w.ReserveStock(t.Context(), order(line(mug, 2)))
		require.NoError(t, err)
		after, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: mug, IfVersion: 2, Variants: []inventory.StockCount{{VariantID: mug, OnHand: 9}},
		})
		require.NoError(t, err)
		require.Equal(t, int64(7), after.Variants[0].Available)
	})

	t.Run("keeps what orders were promised, and then changes nothing at all", func(t *testing.T) {
		product, red, blue := id.New(), id.New(), id.New()
		first, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: product, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: red, OnHand: 7}, {VariantID: blue, OnHand: 7}},
		})
		require.NoError(t, err)
		_, err = w.ReserveStock(t.Context(), order(line(blue, 3)))
		require.NoError(t, err)

		_, err = w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: product, IfVersion: first.Version,
			Variants: []inventory.StockCount{{VariantID: red, OnHand: 1}, {VariantID: blue, OnHand: 2}},
		})

		require.ErrorIs(t, err, inventory.ErrBelowReserved)
		require.Equal(t, blue, fault.Of(err).Details["variant_id"])
		after, err := w.ReadStock(t.Context(), inventory.ReadStockInput{ProductID: product})
		require.NoError(t, err)
		require.Equal(t, first.Version, after.Version)
	})

	t.Run("refuses a variant of another product", func(t *testing.T) {
		mug := w.stocked(7)
		_, err := w.SetStock(t.Context(), inventory.SetStockInput{
			ProductID: id.New(), IfVersion: 1, Variants: []inventory.StockCount{{VariantID: mug, OnHand: 9}},
		})
		require.ErrorIs(t, err, inventory.ErrOtherProduct)
	})

	t.Run("refuses counts that make no sense", func(t *testing.T) {
		mug := id.New()
		for name, counts := range map[string][]inventory.StockCount{
			"none":     {},
			"negative": {{VariantID: mug, OnHand: -1}},
			"too many": {{VariantID: mug, OnHand: 1_000_000_001}},
			"twice":    {{VariantID: mug, OnHand: 1}, {VariantID: mug, OnHand: 1}},
			"nobody":   {{OnHand: 1}},
		} {
			_, err := w.SetStock(t.Context(), inventory.SetStockInput{ProductID: mug, Variants: counts})
			require.ErrorIs(t, err, inventory.ErrBadStock, name)
		}
	})
	w.sound()
}

func TestAdjustStock(t *testing.T) {
	w := open(t)
	adjust := func(product uuid.UUID, delta int64) inventory.AdjustStockInput {
		return inventory.AdjustStockInput{
			ProductID: product, AdjustmentID: id.New(), ActorID: id.New(),
			Adjustment: inventory.Adjustment{VariantID: product, Delta: delta, Reason: "damaged in transport"},
		}
	}

	t.Run("counts an adjustment once, however often it is sent", func(t *testing.T) {
		mug := w.stocked(7)
		in := adjust(mug, -2)
		for range 3 {
			after, err := w.AdjustStock(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, int64(3), after.Version)
		}
		require.Equal(t, [2]int64{5, 0}, w.level(mug))
		require.Len(t, w.told(mug), 2)
	})

	t.Run("never takes more than is free", func(t *testing.T) {
		mug := w.stocked(7)
		_, err := w.ReserveStock(t.Context(), order(line(mug, 5)))
		require.NoError(t, err)
		_, err = w.AdjustStock(t.Context(), adjust(mug, -3))
		require.ErrorIs(t, err, inventory.ErrBelowReserved)
		_, err = w.AdjustStock(t.Context(), adjust(mug, -8))
		require.ErrorIs(t, err, inventory.ErrBelowReserved)
		_, err = w.AdjustStock(t.Context(), adjust(mug, -2))
		require.NoError(t, err)
		require.Equal(t, [2]int64{5, 5}, w.level(mug))
	})

	t.Run("refuses what has no stock, no reason or no difference", func(t *testing.T) {
		_, err := w.AdjustStock(t.Context(), adjust(id.New(), 1))
		require.ErrorIs(t, err, inventory.ErrNoStock)
		mug := w.stocked(7)
		_, err = w.AdjustStock(t.Context(), adjust(mug, 0))
		require.ErrorIs(t, err, inventory.ErrBadAdjustment)
		_, err = w.AdjustStock(t.Context(), adjust(mug, 1_000_000_000))
		require.ErrorIs(t, err, inventory.ErrBadStock)
		in := adjust(mug, 1)
		in.Reason = ""
		_, err = w.AdjustStock(t.Context(), in)
		require.ErrorIs(t, err, inventory.ErrBadAdjustment)
	})
	w.sound()
}

func TestTheSchemaItselfRefusesToOversell(t *testing.T) {
	w := open(t)
	mug := w.stocked(3)
	for _, statement := range []string{
		"UPDATE stock SET reserved = 4 WHERE variant_id = $1",
		"UPDATE stock SET reserved = -1 WHERE variant_id = $1",
		"UPDATE stock SET on_hand = -1 WHERE variant_id = $1",
		"INSERT INTO reservation_lines (order_id, variant_id, quantity) VALUES (gen_random_uuid(), $1, 1)",
		"INSERT INTO movements (id, variant_id, kind, quantity, on_hand, reason, created_at) VALUES (gen_random_uuid(), $1, 'set', 0, 3, 'none', now())",
	} {
		_, err := w.pool.Exec(t.Context(), statement, mug)
		require.Error(t, err, statement)
	}
}
