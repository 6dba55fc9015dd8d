package analytics

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/money"
	"kassa/sql/analyticsdb"
)

// told is what analytics reads of the order service's events.
type told struct {
	OrderID  uuid.UUID    `json:"order_id"`
	UserID   uuid.UUID    `json:"user_id"`
	Total    money.Money  `json:"total"`
	Lines    []toldLine   `json:"lines"`     // with order.confirmed
	RefundID uuid.UUID    `json:"refund_id"` // with order.refunded
	Amount   *money.Money `json:"amount"`    // with order.refunded
}

type toldLine struct {
	VariantID uuid.UUID   `json:"variant_id"`
	ProductID uuid.UUID   `json:"product_id"`
	Quantity  int64       `json:"quantity"`
	Total     money.Money `json:"total"`
}

// HearOrder writes down what the order service tells. The facts commute, so its
// consumer may apply events in any order.
func HearOrder(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	order, err := events.Decode[told](event)
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
	case orderRefunded:
		err = refunded(ctx, db, order, event)
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", event.Type, order.OrderID, err)
	}
	return nil
}

const orderRefunded = "order.refunded"

func confirmed(order told, event cloudevent.Event) analyticsdb.UpsertSaleConfirmedParams {
	params := analyticsdb.UpsertSaleConfirmedParams{
		OrderID: order.OrderID, UserID: order.UserID, Currency: order.Total.Currency, Total: order.Total.Amount, ConfirmedAt: event.Time,
	}
	for _, line := range order.Lines {
		if line.ProductID == uuid.Nil {
			line.ProductID = line.VariantID // a product without options is its own only variant
		}
		params.VariantIds, params.ProductIds = append(params.VariantIds, line.VariantID), append(params.ProductIds, line.ProductID)
		params.Quantities, params.Totals = append(params.Quantities, line.Quantity), append(params.Totals, line.Total.Amount)
	}
	return params
}

// refunded writes a refund down under its own id.
func refunded(ctx context.Context, db *analyticsdb.Queries, order told, event cloudevent.Event) error {
	if order.Amount == nil || order.RefundID == uuid.Nil {
		return fmt.Errorf("no refund in it")
	}
	return db.InsertRefund(ctx, analyticsdb.InsertRefundParams{
		ID: order.RefundID, OrderID: order.OrderID, Currency: order.Amount.Currency, Amount: order.Amount.Amount, RefundedAt: event.Time,
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
