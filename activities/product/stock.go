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
// shows what is available without asking it. Whether something can be bought is
// the inventory's to say, at checkout.
func RememberStock(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	changed, err := events.Decode[events.StockChanged](event)
	if err != nil {
		return err
	}
	return rememberStock(ctx, productdb.New(tx), changed.VariantID, changed.ProductID, changed.OnHand)
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
