package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// What a reservation can be.
const (
	Held     = "held"
	Shipped  = "shipped"
	Released = "released"
)

// Limits of one order.
const (
	MaxLines    = 100
	MaxQuantity = 10_000 // units in one line
)

// StockLine is a number of units of one variant.
type StockLine struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Quantity  int64     `json:"quantity" minimum:"1" maximum:"10000" doc:"Units." example:"2"`
}

// ShortLine is a line that cannot be promised, in the detail "lines" of ErrOutOfStock.
type ShortLine struct {
	VariantID uuid.UUID `json:"variant_id"`
	Requested int64     `json:"requested"` // units
	Available int64     `json:"available"` // units, 0 for a variant without stock
}

// Who can hold a reservation.
const (
	ByOrder = "order"
	ByHand  = "hand"
)

// Reservation is the stock promised to an order, or put aside by hand.
type Reservation struct {
	OrderID uuid.UUID   `json:"order_id" format:"uuid" doc:"The order, or the id of a reservation by hand." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55"`
	Status  string      `json:"status" enum:"held,shipped,released" doc:"held: promised. shipped: all of it has left. released: what had not shipped was given back, or it was refused before it began." example:"held"`
	Holder  string      `json:"holder,omitempty" enum:"order,hand" doc:"order: an order's. hand: made by an administrator." example:"order"`
	Reason  string      `json:"reason,omitempty" doc:"Why it was made by hand." example:"photo shooting"`
	Lines   []StockLine `json:"lines" nullable:"false" doc:"What was promised; by variant."`
	Shipped []StockLine `json:"shipped,omitempty" nullable:"false" doc:"What of it has left the warehouse; by variant."`
	At      time.Time   `json:"at" doc:"Since when it has this status." example:"2026-01-15T09:30:00Z"`

	actor uuid.UUID // who made it by hand; zero for an order's
}

// ReserveStockInput asks for stock on behalf of an order. Lines of one variant are summed.
type ReserveStockInput struct {
	OrderID uuid.UUID   `json:"order_id" format:"uuid"`
	Lines   []StockLine `json:"lines"`
}

// ReserveStock promises all lines to the order or none. A repeat answers the
// same reservation. It fails with ErrOutOfStock, naming the short lines, or with
// ErrReservationReleased when the order's release came before it.
//
// It is on the path of every checkout and costs one round trip; only a repeat
// or a refusal costs more.
func (s *Service) ReserveStock(ctx context.Context, in ReserveStockInput) (Reservation, error) {
	lines, err := merge(in.Lines)
	if err != nil || in.OrderID == uuid.Nil {
		return Reservation{}, ErrBadStockLines
	}
	return s.reserve(ctx, Reservation{OrderID: in.OrderID, Status: Held, Holder: ByOrder, Lines: lines, At: now()})
}

// reserve makes a reservation as it is asked for, or answers the one that is there.
func (s *Service) reserve(ctx context.Context, asked Reservation) (Reservation, error) {
	reservation := asked
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := inventorydb.New(conn)
		insert, err := asked.insert(ctx)
		if err != nil {
			return err
		}
		rows, err := db.InsertReservation(ctx, insert)
		if err != nil {
			return fmt.Errorf("reserve stock for %s: %w", asked.OrderID, err)
		}
		if rows[0].Claimed {
			return nil
		}
		reservation, err = whyNot(ctx, db, asked, rows)
		return err
	})
	return reservation, err
}

// whyNot explains an insert that wrote nothing: the order has been here before,
// or lines are short. The order's own reservation goes first: a line may be
// short because this very order holds the last unit.
func whyNot(ctx context.Context, db *inventorydb.Queries, asked Reservation, rows []inventorydb.InsertReservationRow) (Reservation, error) {
	before, err := readReservation(ctx, db, asked.OrderID)
	switch {
	case pg.NotFound(err):
		if short := shortLines(rows); len(short) > 0 {
			return Reservation{}, ErrOutOfStock.With("lines", short)
		}
		return Reservation{}, fault.ErrUnavailable.Because(fmt.Errorf("reservation %s came and went", asked.OrderID))
	case err != nil:
		return Reservation{}, err
	case before.Status == Released:
		return Reservation{}, ErrReservationReleased
	case !slices.Equal(before.Lines, asked.Lines) || before.Holder != asked.Holder:
		return Reservation{}, ErrReservationDiffers
	}
	return before, nil
}

// ReleaseStockInput names the order whose stock goes back.
type ReleaseStockInput struct {
	OrderID uuid.UUID `json:"order_id" format:"uuid"`
}

// ReleaseStock undoes ReserveStock: what has not shipped goes back. It always
// succeeds: with nothing to give back it leaves a tombstone, and a repeat answers
// what the first one did. What has shipped altogether stays shipped.
func (s *Service) ReleaseStock(ctx context.Context, in ReleaseStockInput) (Reservation, error) {
	if in.OrderID == uuid.Nil {
		return Reservation{}, ErrBadStockLines
	}
	var reservation Reservation
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := inventorydb.New(tx).LockReservation(ctx, in.OrderID); err != nil {
			return fmt.Errorf("lock reservation %s: %w", in.OrderID, err)
		}
		var err error
		reservation, err = release(ctx, tx, in.OrderID)
		return err
	})
	return reservation, err
}

// release gives back what a reservation holds; whoever calls it has its turn.
func release(ctx context.Context, tx pgx.Tx, orderID uuid.UUID) (Reservation, error) {
	db := inventorydb.New(tx)
	done, err := db.ReleaseReservation(ctx, orderID, now())
	if err != nil {
		return Reservation{}, fmt.Errorf("release stock of %s: %w", orderID, err)
	}
	reservation, err := readReservation(ctx, db, orderID)
	if err != nil || !done.Released {
		return reservation, err
	}
	return reservation, outbox.Append(ctx, tx, events.NewInventoryReleased(reservation.At, done.Version, reservation.unshipped()))
}

// merge checks lines and answers them by variant, one line each.
func merge(lines []StockLine) ([]StockLine, error) {
	if len(lines) == 0 || len(lines) > MaxLines {
		return nil, ErrBadStockLines
	}
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b StockLine) int { return slices.Compare(a.VariantID[:], b.VariantID[:]) })
	merged := lines[:0]
	for _, line := range lines {
		if line.VariantID == uuid.Nil || line.Quantity < 1 || line.Quantity > MaxQuantity {
			return nil, ErrBadStockLines
		}
		if last := len(merged) - 1; last >= 0 && merged[last].VariantID == line.VariantID {
			merged[last].Quantity += line.Quantity
			continue
		}
		merged = append(merged, line)
	}
	return merged, nil
}
