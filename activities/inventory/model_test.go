package inventory_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/id"
)

// model is the warehouse as a reader of doc.go imagines it.
type model struct {
	onHand, reserved map[uuid.UUID]int64
	orders           map[uuid.UUID]*modelOrder
}

type modelOrder struct {
	lines  map[uuid.UUID]int64
	status string // "", held, released
}

// reserve answers the reason of the refusal, or "".
func (m model) reserve(o *modelOrder) string {
	switch o.status {
	case inventory.Held:
		return ""
	case inventory.Released:
		return inventory.ErrReservationReleased.Reason
	}
	for variant, quantity := range o.lines {
		if m.onHand[variant]-m.reserved[variant] < quantity {
			return inventory.ErrOutOfStock.Reason
		}
	}
	for variant, quantity := range o.lines {
		m.reserved[variant] += quantity
	}
	o.status = inventory.Held
	return ""
}

func (m model) release(o *modelOrder) {
	if o.status == inventory.Held {
		for variant, quantity := range o.lines {
			m.reserved[variant] -= quantity
		}
	}
	o.status = inventory.Released
}

func (m model) adjust(variant uuid.UUID, delta int64) string {
	if m.onHand[variant]+delta < m.reserved[variant] {
		return inventory.ErrBelowReserved.Reason
	}
	m.onHand[variant] += delta
	return ""
}

// TestBehavesLikeItsModel runs random histories of reserving, releasing,
// counting and adjusting, against the model and the invariants.
func TestBehavesLikeItsModel(t *testing.T) {
	w := open(t)
	rapid.Check(t, func(r *rapid.T) {
		m := model{onHand: map[uuid.UUID]int64{}, reserved: map[uuid.UUID]int64{}, orders: map[uuid.UUID]*modelOrder{}}
		var shelf, orders []uuid.UUID
		setup := inventory.SetStockInput{ProductID: id.New(), IfVersion: 1}
		for _, onHand := range rapid.SliceOfN(rapid.Int64Range(0, 6), 1, 4).Draw(r, "on hand") {
			variant := id.New()
			shelf, m.onHand[variant] = append(shelf, variant), onHand
			setup.Variants = append(setup.Variants, inventory.StockCount{VariantID: variant, OnHand: onHand})
		}
		_, err := w.SetStock(ctx(t), setup)
		require.NoError(r, err)
		for range rapid.IntRange(1, 4).Draw(r, "orders") {
			o := &modelOrder{lines: map[uuid.UUID]int64{}}
			for range rapid.IntRange(1, 4).Draw(r, "lines") {
				o.lines[rapid.SampledFrom(shelf).Draw(r, "variant")] += rapid.Int64Range(1, 3).Draw(r, "quantity")
			}
			order := id.New()
			orders, m.orders[order] = append(orders, order), o
		}
		r.Repeat(map[string]func(*rapid.T){
			"": func(r *rapid.T) {
				stock, err := w.ReadStock(ctx(t), inventory.ReadStockInput{ProductID: setup.ProductID})
				require.NoError(r, err)
				require.Len(r, stock.Variants, len(shelf))
				for _, level := range stock.Variants {
					require.Equal(r, m.onHand[level.VariantID], level.OnHand)
					require.Equal(r, m.reserved[level.VariantID], level.Reserved)
					require.Equal(r, level.OnHand-level.Reserved, level.Available)
				}
			},
			"reserve": func(r *rapid.T) {
				in := inventory.ReserveStockInput{OrderID: rapid.SampledFrom(orders).Draw(r, "order")}
				for variant, quantity := range m.orders[in.OrderID].lines {
					in.Lines = append(in.Lines, line(variant, quantity))
				}
				_, err := w.ReserveStock(ctx(t), in)
				require.Equal(r, m.reserve(m.orders[in.OrderID]), reason(err))
			},
			"release": func(r *rapid.T) {
				order := rapid.SampledFrom(orders).Draw(r, "order")
				_, err := w.ReleaseStock(ctx(t), inventory.ReleaseStockInput{OrderID: order})
				require.NoError(r, err)
				m.release(m.orders[order])
			},
			"adjust": func(r *rapid.T) {
				variant, delta := rapid.SampledFrom(shelf).Draw(r, "variant"), rapid.Int64Range(-4, 4).Filter(func(d int64) bool { return d != 0 }).Draw(r, "delta")
				_, err := w.AdjustStock(ctx(t), inventory.AdjustStockInput{
					ProductID: setup.ProductID, AdjustmentID: id.New(), Adjustment: inventory.Adjustment{VariantID: variant, Delta: delta, Reason: "because"},
				})
				require.Equal(r, m.adjust(variant, delta), reason(err))
			},
			"count": func(r *rapid.T) {
				variant, onHand := rapid.SampledFrom(shelf).Draw(r, "variant"), rapid.Int64Range(0, 8).Draw(r, "on hand")
				stock, err := w.ReadStock(ctx(t), inventory.ReadStockInput{ProductID: setup.ProductID})
				require.NoError(r, err)
				_, err = w.SetStock(ctx(t), inventory.SetStockInput{
					ProductID: setup.ProductID, IfVersion: stock.Version, Variants: []inventory.StockCount{{VariantID: variant, OnHand: onHand}},
				})
				require.Equal(r, m.adjust(variant, onHand-m.onHand[variant]), reason(err))
			},
		})
	})
	w.sound()
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Reason
}
