package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// ListReservationsInput selects reservations in the order of their order ids,
// which is the order in which the orders were placed.
type ListReservationsInput struct {
	Status    string     `json:"status,omitempty"`     // held, shipped or released; "" means any
	Holder    string     `json:"holder,omitempty"`     // order or hand; "" means any
	VariantID *uuid.UUID `json:"variant_id,omitempty"` // with a line of it; nil for any
	After     uuid.UUID  `json:"after"`                // continue after this order; zero starts
	Limit     int        `json:"limit"`                // at most 1000, which 0 means too
}

// Reservations is one page of reservations.
type Reservations struct {
	Reservations []Reservation `json:"reservations"`
	More         bool          `json:"more"` // whether there are more after the last
}

// ListReservations shows who holds what.
func (s *Service) ListReservations(ctx context.Context, in ListReservationsInput) (Reservations, error) {
	page := Reservations{Reservations: []Reservation{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := inventorydb.New(conn)
		rows, more, err := listReservations(ctx, db, in)
		if err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(rows))
		for i, row := range rows {
			ids[i] = row.OrderID
		}
		lines, err := db.ListReservationLines(ctx, ids)
		if err != nil {
			return fmt.Errorf("list reservation lines: %w", err)
		}
		page = Reservations{Reservations: reservations(rows, lines), More: more}
		return nil
	})
	return page, err
}

// ListHeldInput names some orders.
type ListHeldInput struct {
	Orders []uuid.UUID `json:"orders"`
}

// HeldReservations names orders that hold stock.
type HeldReservations struct {
	Orders []uuid.UUID `json:"orders"` // ascending
}

// ListHeldReservations picks those of some orders that hold stock, so that
// Reconcile can release what a closed one has left.
func (s *Service) ListHeldReservations(ctx context.Context, in ListHeldInput) (HeldReservations, error) {
	held := HeldReservations{Orders: []uuid.UUID{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		held.Orders, err = inventorydb.New(conn).ListHeldReservations(ctx, in.Orders)
		return err
	})
	if err != nil {
		return held, fmt.Errorf("list held reservations: %w", err)
	}
	return held, nil
}

// listReservations reads one row more than asked for, to know whether there are more.
func listReservations(ctx context.Context, db *inventorydb.Queries, in ListReservationsInput) ([]inventorydb.Reservation, bool, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 1000
	}
	rows, err := db.ListReservations(ctx, inventorydb.ListReservationsParams{
		After: in.After, Status: in.Status, Holder: in.Holder, VariantID: in.VariantID, MaxRows: int32(in.Limit) + 1,
	})
	if err != nil {
		return nil, false, fmt.Errorf("list reservations: %w", err)
	}
	if len(rows) > in.Limit {
		return rows[:in.Limit], true, nil
	}
	return rows, false, nil
}
