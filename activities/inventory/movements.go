package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// StockMovement is a change of on hand that happened.
type StockMovement struct {
	ID        uuid.UUID  `json:"id" format:"uuid" doc:"The movement." example:"01993c62-4c33-7d42-9e6f-8f3b4c5d6e7f"`
	VariantID uuid.UUID  `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Kind      string     `json:"kind" enum:"initial,set,adjust,sold,return" doc:"initial: the first count. set: a later count. adjust: a difference with a reason. sold: it left for an order. return: it came back from one." example:"adjust"`
	Quantity  int64      `json:"quantity" doc:"Units that came (positive) or went (negative)." example:"-2"`
	OnHand    int64      `json:"on_hand" doc:"Units in the warehouse after it." example:"118"`
	Reason    string     `json:"reason" doc:"Why, in words." example:"damaged in transport"`
	ActorID   *uuid.UUID `json:"actor_id,omitempty" format:"uuid" doc:"Who did it; absent for the system." example:"01993c5d-1a2b-7c3d-8e4f-5a6b7c8d9e0f"`
	OrderID   *uuid.UUID `json:"order_id,omitempty" format:"uuid" doc:"The order, of sold and return." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55"`
	CauseID   *uuid.UUID `json:"cause_id,omitempty" format:"uuid" doc:"The shipment or the return." example:"01993c61-5d44-7e53-8f70-9a4c5d6e7f80"`
	At        time.Time  `json:"at" doc:"When." example:"2026-01-15T09:30:00Z"`
}

// ListMovementsInput selects movements of a product, newest first.
type ListMovementsInput struct {
	ProductID uuid.UUID         `json:"product_id"`
	VariantID *uuid.UUID        `json:"variant_id,omitempty"` // nil for all of the product's
	Kind      string            `json:"kind,omitempty"`       // "" for any
	Since     *time.Time        `json:"since,omitempty"`      // not before; nil for ever since
	Until     *time.Time        `json:"until,omitempty"`      // before; nil until now
	Before    *MovementPosition `json:"before,omitempty"`     // older than this one; nil from the newest
	Limit     int               `json:"limit"`                // 1 to 100
}

// MovementPosition is the place of a movement in the list.
type MovementPosition struct {
	At time.Time `json:"at"`
	ID uuid.UUID `json:"id"`
}

// StockMovements is one page of movements.
type StockMovements struct {
	Movements []StockMovement `json:"movements"`
	More      bool            `json:"more"` // whether there are more after the last
}

// ListMovements shows why there is what there is of a product.
func (s *Service) ListMovements(ctx context.Context, in ListMovementsInput) (StockMovements, error) {
	ask := inventorydb.ListMovementsParams{
		ProductID: in.ProductID, VariantID: in.VariantID, Kind: in.Kind, Since: in.Since, Until: in.Until, MaxRows: int32(in.Limit) + 1,
	}
	if in.Before != nil {
		ask.BeforeAt, ask.BeforeID = &in.Before.At, &in.Before.ID
	}
	page := StockMovements{Movements: []StockMovement{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := inventorydb.New(conn).ListMovements(ctx, ask)
		if err != nil {
			return fmt.Errorf("list movements of product %s: %w", in.ProductID, err)
		}
		if len(rows) > in.Limit {
			rows, page.More = rows[:in.Limit], true
		}
		for _, row := range rows {
			page.Movements = append(page.Movements, stockMovement(row))
		}
		return nil
	})
	return page, err
}

// Position is where the list goes on after the movement.
func (m StockMovement) Position() MovementPosition { return MovementPosition{At: m.At, ID: m.ID} }
