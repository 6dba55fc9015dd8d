package analytics

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/sql/analyticsdb"
)

// HearOrders writes down what the order service tells. The facts commute, so its
// consumer may apply events in any order, and what is told of many orders is
// written at once.
func HearOrders(ctx context.Context, tx pgx.Tx, told []cloudevent.Event) error {
	db := analyticsdb.New(tx)
	var placed analyticsdb.UpsertSalesPlacedParams
	var confirmed analyticsdb.UpsertSalesConfirmedParams
	for _, event := range told {
		order, err := events.Decode[events.Order](event)
		if err != nil {
			return err
		}
		switch event.Type {
		case events.OrderCreated:
			addPlaced(&placed, order, event)
		case events.OrderConfirmed:
			addConfirmed(&confirmed, order, event)
		case events.OrderCancelled:
			err = db.UpsertSaleCancelled(ctx, order.OrderID, order.UserID, event.Time)
		case events.OrderRefunded:
			err = refunded(ctx, db, order, event)
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", event.Type, order.OrderID, err)
		}
	}
	if len(placed.OrderIds) > 0 {
		if err := db.UpsertSalesPlaced(ctx, placed); err != nil {
			return fmt.Errorf("orders placed: %w", err)
		}
	}
	if len(confirmed.OrderIds) > 0 {
		if err := db.UpsertSalesConfirmed(ctx, confirmed); err != nil {
			return fmt.Errorf("orders confirmed: %w", err)
		}
	}
	return nil
}

func addPlaced(to *analyticsdb.UpsertSalesPlacedParams, order events.Order, event cloudevent.Event) {
	to.OrderIds, to.UserIds = append(to.OrderIds, order.OrderID), append(to.UserIds, order.UserID)
	to.Currencies, to.Totals = append(to.Currencies, order.Total.Currency), append(to.Totals, order.Total.Amount)
	to.PlacedAt = append(to.PlacedAt, event.Time)
}

func addConfirmed(to *analyticsdb.UpsertSalesConfirmedParams, order events.Order, event cloudevent.Event) {
	to.OrderIds, to.UserIds = append(to.OrderIds, order.OrderID), append(to.UserIds, order.UserID)
	to.Currencies, to.Totals = append(to.Currencies, order.Total.Currency), append(to.Totals, order.Total.Amount)
	to.ConfirmedAt = append(to.ConfirmedAt, event.Time)
	for _, line := range order.Lines {
		if line.ProductID == nil || line.Total == nil {
			continue // as versions before told it
		}
		to.LineOrderIds, to.LineVariantIds = append(to.LineOrderIds, order.OrderID), append(to.LineVariantIds, line.VariantID)
		to.LineProductIds, to.LineQuantities = append(to.LineProductIds, *line.ProductID), append(to.LineQuantities, line.Quantity)
		to.LineTotals = append(to.LineTotals, line.Total.Amount)
	}
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
