package inventory_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/inventory"
	"kassa/internal/fault"
)

// insist repeats what found no free connection, as the saga does: a busy machine
// may take long to open one. A lock that times out is an answer, and a failure
// of every test here: locks are held for one statement and never in a circle.
func insist(do func() error) error {
	for {
		err := do()
		var refused *pgconn.PgError
		if !errors.Is(err, fault.ErrUnavailable) || errors.As(err, &refused) {
			return err
		}
	}
}

func reserve(w warehouse, in inventory.ReserveStockInput) error {
	return insist(func() error { _, err := w.ReserveStock(ctx(w.t), in); return err })
}

func release(w warehouse, order uuid.UUID) error {
	return insist(func() error {
		_, err := w.ReleaseStock(ctx(w.t), inventory.ReleaseStockInput{OrderID: order})
		return err
	})
}

func TestSellsTheLastUnitOnce(t *testing.T) {
	w := open(t)
	mug := w.stocked(1)
	var sold, refused atomic.Int32
	var buyers errgroup.Group
	for range 200 {
		buyers.Go(func() error {
			switch err := reserve(w, order(line(mug, 1))); {
			case err == nil:
				sold.Add(1)
			case errors.Is(err, inventory.ErrOutOfStock):
				refused.Add(1)
			default:
				return err
			}
			return nil
		})
	}
	require.NoError(t, buyers.Wait())
	require.Equal(t, int32(1), sold.Load())
	require.Equal(t, int32(199), refused.Load())
	require.Equal(t, [2]int64{1, 1}, w.level(mug))
	w.sound()
}

func TestOppositeLineOrdersDoNotDeadlock(t *testing.T) {
	w := open(t)
	shelf := []uuid.UUID{w.stocked(1000), w.stocked(1000), w.stocked(1000)}
	var buyers errgroup.Group
	for i := range 12 {
		buyers.Go(func() error {
			lines := []inventory.StockLine{line(shelf[0], 1), line(shelf[1], 1), line(shelf[2], 1)}
			if i%2 == 1 {
				slices.Reverse(lines)
			}
			for range 25 {
				if err := reserve(w, order(lines...)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, buyers.Wait())
	for _, variant := range shelf {
		require.Equal(t, [2]int64{1000, 300}, w.level(variant))
	}
	w.sound()
}

func TestTheSameOrderAtOnceReservesOnce(t *testing.T) {
	w := open(t)
	mug := w.stocked(1) // a second attempt finds the unit gone, to itself
	for range 20 {
		in := order(line(mug, 1))
		var attempts errgroup.Group
		for range 10 {
			attempts.Go(func() error { return reserve(w, in) })
		}
		require.NoError(t, attempts.Wait())
		require.Equal(t, [2]int64{1, 1}, w.level(mug))
		require.NoError(t, release(w, in.OrderID))
	}
	w.sound()
}

func TestReserveRacingItsReleaseEndsReleased(t *testing.T) {
	w := open(t)
	shelf := []uuid.UUID{w.stocked(50), w.stocked(50)}
	for range 50 {
		in := order(line(shelf[0], 1), line(shelf[1], 2))
		var attempts errgroup.Group
		for _, forward := range []bool{true, false, true, true, false} {
			attempts.Go(func() error {
				if !forward {
					return release(w, in.OrderID)
				}
				err := reserve(w, in)
				if errors.Is(err, inventory.ErrReservationReleased) {
					return nil
				}
				return err
			})
		}
		require.NoError(t, attempts.Wait())
	}
	for _, variant := range shelf {
		require.Equal(t, [2]int64{50, 0}, w.level(variant))
	}
	w.sound()
}

// TestAnythingAtOnceKeepsTheInvariants lets buyers, releases, counts and
// adjustments of a few scarce variants collide.
func TestAnythingAtOnceKeepsTheInvariants(t *testing.T) {
	w := open(t)
	shelf := []uuid.UUID{w.stocked(5), w.stocked(5), w.stocked(5), w.stocked(5)}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var orders sync.Map
	var workers errgroup.Group
	for n := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		workers.Go(func() error {
			for range 150 {
				if err := insist(func() error { return anything(w, random, shelf, &orders) }); err != nil && !expected(err) {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, workers.Wait())
	w.sound()
}

func anything(w warehouse, random *rand.Rand, shelf []uuid.UUID, orders *sync.Map) error {
	variant := shelf[random.IntN(len(shelf))]
	switch random.IntN(10) {
	case 0:
		_, err := w.AdjustStock(ctx(w.t), inventory.AdjustStockInput{
			ProductID: variant, AdjustmentID: uuid.New(),
			Adjustment: inventory.Adjustment{VariantID: variant, Delta: int64(random.IntN(5)) - 2, Reason: "found or lost"},
		})
		return err
	case 1:
		stock, err := w.ReadStock(ctx(w.t), inventory.ReadStockInput{ProductID: variant})
		if err != nil {
			return err
		}
		_, err = w.SetStock(ctx(w.t), inventory.SetStockInput{
			ProductID: variant, IfVersion: stock.Version,
			Variants: []inventory.StockCount{{VariantID: variant, OnHand: int64(random.IntN(10))}},
		})
		return err
	case 2, 3, 4:
		in := inventory.ReleaseStockInput{OrderID: uuid.New()}
		orders.Range(func(order, _ any) bool { in.OrderID = order.(uuid.UUID); return random.IntN(4) > 0 })
		_, err := w.ReleaseStock(ctx(w.t), in)
		return err
	default:
		in := order()
		for _, at := range random.Perm(len(shelf))[:1+random.IntN(len(shelf))] {
			in.Lines = append(in.Lines, line(shelf[at], 1+int64(random.IntN(2))))
		}
		orders.Store(in.OrderID, true)
		_, err := w.ReserveStock(ctx(w.t), in)
		return err
	}
}

func expected(err error) bool {
	return slices.ContainsFunc([]error{
		inventory.ErrOutOfStock, inventory.ErrReservationReleased, inventory.ErrStockStale,
		inventory.ErrBelowReserved, inventory.ErrBadAdjustment,
	}, func(known error) bool { return errors.Is(err, known) })
}
