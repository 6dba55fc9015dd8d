package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/sql/productdb"
)

// RememberStock applies what the inventory service tells of its stock: search
// shows what is available without asking it. A reservation that leaves enough is
// not told, so a copy may say more than there is; whether something can be bought
// is the inventory's to say, at checkout.
func RememberStock(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	stock, err := events.Decode[stockTold](event)
	if err != nil {
		return err
	}
	available := stock.OnHand
	if stock.Available != nil {
		available = *stock.Available
	}
	return rememberStock(ctx, productdb.New(tx), stock.VariantID, stock.ProductID, available)
}

// stockTold is what inventory.changed, inventory.low and inventory.back_in_stock
// have in common.
type stockTold struct {
	VariantID uuid.UUID `json:"variant_id"`
	ProductID uuid.UUID `json:"product_id"`
	Available *int64    `json:"available"` // nil in an inventory.changed of an old release
	OnHand    int64     `json:"on_hand"`
}

func rememberStock(ctx context.Context, db *productdb.Queries, variantID, productID uuid.UUID, available int64) error {
	if err := db.SaveStock(ctx, variantID, productID, available); err != nil {
		return fmt.Errorf("remember stock of %s: %w", variantID, err)
	}
	if err := db.UpdateListingStock(ctx, productID); err != nil {
		return fmt.Errorf("show stock of %s: %w", variantID, err)
	}
	return nil
}
