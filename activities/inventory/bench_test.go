package inventory_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
)

// BenchmarkReserveStock is the checkout's own reservation, durability off as
// in every test: what it costs apart from the disk.
func BenchmarkReserveStock(b *testing.B) {
	for name, lines := range map[string]int{"1 line": 1, "3 lines": 3} {
		b.Run(name, func(b *testing.B) {
			w := open(b)
			shelf := make([]uuid.UUID, lines)
			for i := range shelf {
				shelf[i] = w.stocked(1_000_000_000)
			}
			b.ReportAllocs()
			for b.Loop() {
				in := order()
				for _, variant := range shelf {
					in.Lines = append(in.Lines, line(variant, 1))
				}
				_, err := w.ReserveStock(b.Context(), in)
				require.NoError(b, err)
			}
		})
	}
	b.Run("refused", func(b *testing.B) {
		w := open(b)
		mug := w.stocked(0)
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.ReserveStock(b.Context(), order(line(mug, 1)))
			require.ErrorIs(b, err, inventory.ErrOutOfStock)
		}
	})
	b.Run("released", func(b *testing.B) {
		w := open(b)
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.ReleaseStock(b.Context(), inventory.ReleaseStockInput{OrderID: uuid.New()})
			require.NoError(b, err)
		}
	})
}
