package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// StockLevel is what there is of one variant.
type StockLevel struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	OnHand    int64     `json:"on_hand" doc:"Units in the warehouse." example:"120"`
	Reserved  int64     `json:"reserved" doc:"Units of these that are promised to orders." example:"3"`
	Available int64     `json:"available" doc:"Units that can be bought: on_hand − reserved." example:"117"`
	LowAt     *int64    `json:"low_at,omitempty" doc:"Available units from which on downwards inventory.low is told; absent when only for none." example:"5"`
	Version   int64     `json:"version" doc:"Counts the changes of on_hand, and of what was told of it." example:"1"`
	UpdatedAt time.Time `json:"updated_at" doc:"When on_hand or reserved last changed." example:"2026-01-15T09:30:00Z"`
}

// Inventory is what there is of a product. Every product id has one; it is
// empty, at version 1, until somebody sets stock.
type Inventory struct {
	ProductID uuid.UUID    `json:"product_id" format:"uuid" doc:"The product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Variants  []StockLevel `json:"variants" nullable:"false" doc:"By variant id."`
	Version   int64        `json:"version" doc:"Counts the changes of on_hand of all variants, from 1 for an inventory without any; the ETag. Reservations do not change it." example:"2"`
}

// ReadStockInput names a product.
type ReadStockInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
}

// ReadStock answers what there is of a product.
func (s *Service) ReadStock(ctx context.Context, in ReadStockInput) (Inventory, error) {
	var inventory Inventory
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
		inventory, err = readInventory(ctx, inventorydb.New(conn), in.ProductID)
		return err
	})
	return inventory, err
}

// StockCount is how many units of a variant somebody counted.
type StockCount struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant, as the product service names it." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	OnHand    int64     `json:"on_hand" minimum:"0" maximum:"1000000000" doc:"Units in the warehouse, reserved ones included." example:"120"`
	LowAt     *int64    `json:"low_at,omitempty" minimum:"0" maximum:"1000000000" doc:"Available units from which on downwards inventory.low is told; 0 for only when there are none. Without it, it stays." example:"5"`
}

// SetStockInput sets on hand of the variants it names and leaves the product's
// other variants as they are.
type SetStockInput struct {
	ProductID uuid.UUID    `json:"product_id" format:"uuid"`
	IfVersion int64        `json:"if_version"` // the inventory's version as the caller knows it; 1 for an empty one
	Variants  []StockCount `json:"variants"`   // each variant once
	ActorID   uuid.UUID    `json:"actor_id"`   // zero for the system
}

// SetStock records a count. It fails with ErrStockStale when another change came
// first, and with ErrBelowReserved rather than take back what orders were promised.
func (s *Service) SetStock(ctx context.Context, in SetStockInput) (Inventory, error) {
	if err := in.check(); err != nil {
		return Inventory{}, err
	}
	return s.changeStock(ctx, in.ProductID, func(_ *inventorydb.Queries, now Inventory) ([]movement, error) {
		if now.Version != in.IfVersion {
			return nil, ErrStockStale.With("current_version", now.Version)
		}
		var moves []movement
		for _, count := range in.Variants {
			move := movement{id: id.New(), variant: count.VariantID, actor: in.ActorID, lowAt: count.LowAt}
			if level, known := now.level(count.VariantID); known {
				move.kind, move.reason, move.quantity = kindSet, "counted", count.OnHand-level.OnHand
			} else {
				move.kind, move.reason, move.quantity = kindInitial, "first count", count.OnHand
			}
			moves = append(moves, move)
		}
		return moves, nil
	})
}

// Adjustment is a difference of on hand.
type Adjustment struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Delta     int64     `json:"delta" minimum:"-1000000000" maximum:"1000000000" doc:"Units that came (positive) or went (negative); not 0." example:"-2"`
	Reason    string    `json:"reason" minLength:"1" maxLength:"200" doc:"Why, in words." example:"damaged in transport"`
}

// AdjustStockInput is one adjustment; sent twice with the same AdjustmentID it counts once.
type AdjustStockInput struct {
	ProductID    uuid.UUID `json:"product_id" format:"uuid"`
	AdjustmentID uuid.UUID `json:"adjustment_id" format:"uuid"`
	ActorID      uuid.UUID `json:"actor_id"` // zero for the system
	Adjustment
}

// AdjustStock adds to on hand, or takes from it.
func (s *Service) AdjustStock(ctx context.Context, in AdjustStockInput) (Inventory, error) {
	if in.AdjustmentID == uuid.Nil || in.Delta == 0 || in.Reason == "" || len([]rune(in.Reason)) > 200 {
		return Inventory{}, ErrBadAdjustment
	}
	return s.changeStock(ctx, in.ProductID, func(db *inventorydb.Queries, now Inventory) ([]movement, error) {
		if _, known := now.level(in.VariantID); !known {
			return nil, ErrNoStock
		}
		if done, err := in.done(ctx, db); done || err != nil {
			return nil, err
		}
		return []movement{{
			id: in.AdjustmentID, variant: in.VariantID, kind: kindAdjust, quantity: in.Delta, reason: in.Reason, actor: in.ActorID,
		}}, nil
	})
}

// done reports whether the adjustment has been made before.
func (in AdjustStockInput) done(ctx context.Context, db *inventorydb.Queries) (bool, error) {
	before, err := db.GetMovement(ctx, in.AdjustmentID)
	switch {
	case pg.NotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read movement %s: %w", in.AdjustmentID, err)
	case before.VariantID != in.VariantID || before.Quantity != in.Delta:
		return false, ErrAdjustmentUsed
	}
	return true, nil
}

func (in SetStockInput) check() error {
	if in.ProductID == uuid.Nil || len(in.Variants) == 0 || len(in.Variants) > MaxLines {
		return ErrBadStock
	}
	seen := map[uuid.UUID]bool{}
	for _, count := range in.Variants {
		if count.VariantID == uuid.Nil || seen[count.VariantID] || count.OnHand < 0 || count.OnHand > maxOnHand || count.LowAt != nil && (*count.LowAt < 0 || *count.LowAt > maxOnHand) {
			return ErrBadStock
		}
		seen[count.VariantID] = true
	}
	return nil
}

func (i Inventory) level(variant uuid.UUID) (StockLevel, bool) {
	for _, level := range i.Variants {
		if level.VariantID == variant {
			return level, true
		}
	}
	return StockLevel{VariantID: variant}, false
}
