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

// Reservation is the stock promised to an order.
type Reservation struct {
	OrderID uuid.UUID   `json:"order_id" format:"uuid" doc:"The order." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55"`
	Status  string      `json:"status" enum:"held,released" doc:"held: promised to the order. released: given back, or refused before it began." example:"held"`
	Lines   []StockLine `json:"lines" nullable:"false" doc:"What it holds, or held; by variant."`
	At      time.Time   `json:"at" doc:"Since when it has this status." example:"2026-01-15T09:30:00Z"`
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
	lines, err := in.merged()
	if err != nil {
		return Reservation{}, err
	}
	reservation := Reservation{OrderID: in.OrderID, Status: Held, Lines: lines, At: now()}
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := inventorydb.New(conn)
		insert, err := reservation.insert(ctx)
		if err != nil {
			return err
		}
		rows, err := db.InsertReservation(ctx, insert)
		if err != nil {
			return fmt.Errorf("reserve stock for %s: %w", in.OrderID, err)
		}
		if rows[0].Claimed {
			return nil
		}
		reservation, err = whyNot(ctx, db, reservation, rows)
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
	case !slices.Equal(before.Lines, asked.Lines):
		return Reservation{}, ErrReservationDiffers
	}
	return before, nil
}

// ReleaseStockInput names the order whose stock goes back.
type ReleaseStockInput struct {
	OrderID uuid.UUID `json:"order_id" format:"uuid"`
}

// ReleaseStock undoes ReserveStock. It always succeeds: with nothing to give
// back it leaves a tombstone, and a repeat answers what the first one did.
func (s *Service) ReleaseStock(ctx context.Context, in ReleaseStockInput) (Reservation, error) {
	if in.OrderID == uuid.Nil {
		return Reservation{}, ErrBadStockLines
	}
	var reservation Reservation
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := inventorydb.New(tx)
		if err := db.LockReservation(ctx, in.OrderID); err != nil {
			return fmt.Errorf("lock reservation %s: %w", in.OrderID, err)
		}
		done, err := db.ReleaseReservation(ctx, in.OrderID, now())
		if err != nil {
			return fmt.Errorf("release stock of %s: %w", in.OrderID, err)
		}
		if reservation, err = readReservation(ctx, db, in.OrderID); err != nil || !done.Released {
			return err
		}
		return outbox.Append(ctx, tx, events.NewInventoryReleased(reservation.At, done.Version, reservation.held()))
	})
	return reservation, err
}

// merged checks the lines and answers them by variant, one line each.
func (in ReserveStockInput) merged() ([]StockLine, error) {
	if in.OrderID == uuid.Nil || len(in.Lines) == 0 || len(in.Lines) > MaxLines {
		return nil, ErrBadStockLines
	}
	lines := slices.Clone(in.Lines)
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
