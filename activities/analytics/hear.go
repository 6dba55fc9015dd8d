package analytics

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/sql/analyticsdb"
)

// HearOrder writes down what the order service tells. The facts commute, so its
// consumer may apply events in any order.
func HearOrder(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	order, err := events.Decode[events.Order](event)
	if err != nil {
		return err
	}
	db := analyticsdb.New(tx)
	switch event.Type {
	case events.OrderCreated:
		err = db.UpsertSalePlaced(ctx, analyticsdb.UpsertSalePlacedParams{
			OrderID: order.OrderID, UserID: order.UserID, Currency: order.Total.Currency, Total: order.Total.Amount, PlacedAt: event.Time,
		})
	case events.OrderConfirmed:
		err = db.UpsertSaleConfirmed(ctx, confirmed(order, event))
	case events.OrderCancelled:
		err = db.UpsertSaleCancelled(ctx, order.OrderID, order.UserID, event.Time)
	case events.OrderRefunded:
		err = refunded(ctx, db, order, event)
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", event.Type, order.OrderID, err)
	}
	return nil
}

func confirmed(order events.Order, event cloudevent.Event) analyticsdb.UpsertSaleConfirmedParams {
	params := analyticsdb.UpsertSaleConfirmedParams{
		OrderID: order.OrderID, UserID: order.UserID, Currency: order.Total.Currency, Total: order.Total.Amount, ConfirmedAt: event.Time,
	}
	for _, line := range order.Lines {
		if line.ProductID == nil || line.Total == nil {
			continue // as versions before told it
		}
		params.VariantIds, params.ProductIds = append(params.VariantIds, line.VariantID), append(params.ProductIds, *line.ProductID)
		params.Quantities, params.Totals = append(params.Quantities, line.Quantity), append(params.Totals, line.Total.Amount)
	}
	return params
}

// refunded writes a refund down under its own id.
func refunded(ctx context.Context, db *analyticsdb.Queries, order events.Order, event cloudevent.Event) error {
	if order.Amount == nil || order.RefundID == nil {
		return fmt.Errorf("no refund in it")
	}
	return db.InsertRefund(ctx, analyticsdb.InsertRefundParams{
		ID: *order.RefundID, OrderID: order.OrderID, Currency: order.Amount.Currency, Amount: order.Amount.Amount, RefundedAt: event.Time,
	})
}

// HearProduct remembers which products can be bought.
func HearProduct(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	product, err := events.Decode[events.ProductChanged](event)
	if err != nil {
		return err
	}
	if err := analyticsdb.New(tx).UpsertProduct(ctx, product.ProductID, product.Status == "active"); err != nil {
		return fmt.Errorf("product %s: %w", product.ProductID, err)
	}
	return nil
}
