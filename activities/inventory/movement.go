package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/inventorydb"
)

// Kinds of movement.
const (
	kindInitial = "initial"
	kindSet     = "set"
	kindAdjust  = "adjust"
	kindSold    = "sold"
	kindReturn  = "return"
)

// maxOnHand is the most units a variant may have on hand.
const maxOnHand = 1_000_000_000

// movement is a change of on hand that is about to happen.
type movement struct {
	id       uuid.UUID
	variant  uuid.UUID
	kind     string
	quantity int64 // units that come (positive) or go (negative); 0 only for the first count of none
	reason   string
	actor    uuid.UUID // zero for the system
	lowAt    *int64    // what counts as low from now on, 0 for none; nil keeps what is
}

// changeStock makes the movements that plan derives from what there is now.
// Changes of one product take turns, and its stock is locked: what plan sees is
// what is there, whoever reserves or ships at the same time.
func (s *Service) changeStock(ctx context.Context, productID uuid.UUID, plan func(db *inventorydb.Queries, now Inventory) ([]movement, error)) (Inventory, error) {
	var after Inventory
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := inventorydb.New(tx)
		if err := db.LockProduct(ctx, productID); err != nil {
			return fmt.Errorf("lock stock of product %s: %w", productID, err)
		}
		before, err := lockInventory(ctx, db, productID)
		if err != nil {
			return err
		}
		moves, err := plan(db, before)
		if err != nil {
			return err
		}
		// The order in which reservations lock the same rows.
		slices.SortFunc(moves, func(a, b movement) int { return slices.Compare(a.variant[:], b.variant[:]) })
		at := now()
		for _, move := range moves {
			level, known := before.level(move.variant)
			if known {
				err = move.apply(ctx, tx, productID, level, at)
			} else {
				err = move.begin(ctx, tx, productID, at)
			}
			if err == nil {
				err = move.warnAt(ctx, db, at)
			}
			if err != nil {
				return err
			}
		}
		after, err = readInventory(ctx, db, productID)
		return err
	})
	return after, err
}

// begin gives a variant its first stock.
func (m movement) begin(ctx context.Context, tx pgx.Tx, productID uuid.UUID, at time.Time) error {
	added, err := inventorydb.New(tx).InsertStock(ctx, inventorydb.InsertStockParams{
		VariantID: m.variant, ProductID: productID, OnHand: m.quantity, UpdatedAt: at,
	})
	if err != nil {
		return fmt.Errorf("insert stock %s: %w", m.variant, err)
	}
	if added == 0 {
		return ErrOtherProduct.With("variant_id", m.variant)
	}
	if m.quantity != 0 {
		if err := m.record(ctx, tx, m.quantity, at); err != nil {
			return err
		}
	}
	return m.tell(ctx, tx, StockLevel{VariantID: m.variant, OnHand: m.quantity, Version: 1}, productID, at)
}

// warnAt keeps what counts as low from now on.
func (m movement) warnAt(ctx context.Context, db *inventorydb.Queries, at time.Time) error {
	if m.lowAt == nil {
		return nil
	}
	lowAt := m.lowAt
	if *lowAt == 0 {
		lowAt = nil
	}
	if err := db.UpdateLowAt(ctx, lowAt, at, m.variant); err != nil {
		return fmt.Errorf("set when stock %s is low: %w", m.variant, err)
	}
	return nil
}

// apply changes the stock a variant has. One of no units changes nothing.
//
// The stock is updated before the movement is inserted. The other way round,
// the movement's foreign key would share a lock on a stock row that this
// transaction does not hold, and reservations waiting in between deadlock.
func (m movement) apply(ctx context.Context, tx pgx.Tx, productID uuid.UUID, level StockLevel, at time.Time) error {
	onHand := level.OnHand + m.quantity
	if m.quantity == 0 {
		return nil
	}
	if onHand > maxOnHand {
		return ErrBadStock
	}
	enough, err := inventorydb.New(tx).UpdateStock(ctx, onHand, at, m.variant)
	if err != nil {
		return fmt.Errorf("update stock %s: %w", m.variant, err)
	}
	if enough == 0 {
		return ErrBelowReserved.With("variant_id", m.variant)
	}
	if err := m.record(ctx, tx, onHand, at); err != nil {
		return err
	}
	level.OnHand, level.Version = onHand, level.Version+1
	return m.tell(ctx, tx, level, productID, at)
}

func (m movement) record(ctx context.Context, tx pgx.Tx, onHand int64, at time.Time) error {
	row := inventorydb.InsertMovementParams{
		ID: m.id, VariantID: m.variant, Kind: m.kind, Quantity: m.quantity, OnHand: onHand, Reason: m.reason, CreatedAt: at,
	}
	if m.actor != uuid.Nil {
		row.ActorID = &m.actor
	}
	if err := inventorydb.New(tx).InsertMovement(ctx, row); err != nil {
		if pg.Constraint(err) == "movements_pkey" {
			return ErrAdjustmentUsed.Because(err)
		}
		return fmt.Errorf("insert movement %s: %w", m.id, err)
	}
	return nil
}

// tell says what the stock is after the movement.
func (m movement) tell(ctx context.Context, tx pgx.Tx, after StockLevel, productID uuid.UUID, at time.Time) error {
	return outbox.Append(ctx, tx, events.NewInventoryChanged(at, after.Version, events.StockChanged{
		VariantID: m.variant, ProductID: productID, OnHand: after.OnHand, Available: after.OnHand - after.Reserved, Quantity: m.quantity, Kind: m.kind,
	}))
}
