package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// HandReservation is what an administrator puts aside.
type HandReservation struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant; a product without options is its own only one." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Quantity  int64     `json:"quantity" minimum:"1" maximum:"10000" doc:"Units." example:"2"`
	Reason    string    `json:"reason" minLength:"1" maxLength:"200" doc:"Why, in words." example:"photo shooting"`
}

// ReserveByHandInput puts stock aside; sent twice with the same ReservationID it counts once.
type ReserveByHandInput struct {
	ProductID     uuid.UUID `json:"product_id" format:"uuid"`
	ReservationID uuid.UUID `json:"reservation_id" format:"uuid"`
	ActorID       uuid.UUID `json:"actor_id"`
	HandReservation
}

// ReserveByHand puts units of a product aside, as an order would. They stay
// reserved until ReleaseByHand: no saga owns them.
func (s *Service) ReserveByHand(ctx context.Context, in ReserveByHandInput) (Reservation, error) {
	lines, err := merge([]StockLine{{VariantID: in.VariantID, Quantity: in.Quantity}})
	if err != nil || in.ReservationID == uuid.Nil || in.Reason == "" || len([]rune(in.Reason)) > 200 {
		return Reservation{}, ErrBadStockLines
	}
	if err := s.belongs(ctx, in.ProductID, in.VariantID); err != nil {
		return Reservation{}, err
	}
	return s.reserve(ctx, Reservation{
		OrderID: in.ReservationID, Status: Held, Holder: ByHand, Reason: in.Reason, Lines: lines, At: now(), actor: in.ActorID,
	})
}

// belongs fails with ErrNoStock unless the product has stock of the variant.
func (s *Service) belongs(ctx context.Context, productID, variantID uuid.UUID) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		stock, err := inventorydb.New(conn).GetStock(ctx, variantID)
		switch {
		case pg.NotFound(err), err == nil && stock.ProductID != productID:
			return ErrNoStock
		case err != nil:
			return fmt.Errorf("read stock %s: %w", variantID, err)
		}
		return nil
	})
}

// ReleaseByHandInput names what was put aside.
type ReleaseByHandInput struct {
	ProductID     uuid.UUID `json:"product_id" format:"uuid"`
	ReservationID uuid.UUID `json:"reservation_id" format:"uuid"`
}

// ReleaseByHand gives back what ReserveByHand put aside. A repeat answers what
// the first one did; an order's reservation is ErrReservationMissing here: its
// saga owns it.
func (s *Service) ReleaseByHand(ctx context.Context, in ReleaseByHandInput) (Reservation, error) {
	var released Reservation
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := inventorydb.New(tx)
		reservation, err := lockReservation(ctx, db, in.ReservationID)
		if err != nil {
			return err
		}
		if reservation.Holder != ByHand {
			return ErrReservationMissing
		}
		stock, err := db.GetStock(ctx, reservation.Lines[0].VariantID)
		if err != nil {
			return fmt.Errorf("read stock of reservation %s: %w", in.ReservationID, err)
		}
		if stock.ProductID != in.ProductID {
			return ErrReservationMissing
		}
		released, err = release(ctx, tx, in.ReservationID)
		return err
	})
	return released, err
}
