package order

import (
	"encoding/json"
	"fmt"

	"kassa/internal/money"
	"kassa/sql/orderdb"
)

func number(n int64) string { return fmt.Sprintf("K-%d", n) }

// fromRow shapes an order; lines are those of this order, in order.
func fromRow(row orderdb.Order, lines []orderdb.OrderLine) (Order, error) {
	o := Order{
		ID: row.ID, Number: number(row.Number), UserID: row.UserID,
		Status: Status(row.Status), PaymentStatus: row.PaymentStatus, PaymentID: row.PaymentID,
		ActionURL: orEmpty(row.ActionUrl), Reason: orEmpty(row.Reason),
		Lines:          []Line{},
		Subtotal:       money.New(row.Subtotal, row.Currency),
		Discount:       money.New(row.Discount, row.Currency),
		Shipping:       money.New(row.Shipping, row.Currency),
		Tax:            money.New(row.Tax, row.Currency),
		Total:          money.New(row.Total, row.Currency),
		ShippingOption: row.ShippingOption,
		CreatedAt:      row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		ConfirmedAt: row.ConfirmedAt, ClosedAt: row.ClosedAt, CancelRequested: row.CancelRequestedAt,
		NeedsAttention: orEmpty(row.NeedsAttention), Version: row.Version,
		rejectedBy: orEmpty(row.Fault), rejection: details(row.Details),
		Fulfilment: row.Fulfilment, Refunded: money.New(row.Refunded, row.Currency), Coupon: orEmpty(row.Coupon), CartID: row.CartID,
		TaxIncluded: money.New(row.TaxIncluded, row.Currency), TaxRate: row.TaxRateBasisPoints,
		paymentMethod: row.PaymentMethod, capture: row.Capture, fingerprint: row.Fingerprint, reviewSeconds: row.ReviewSeconds,
	}
	if err := json.Unmarshal(row.ShippingAddress, &o.ShippingAddress); err != nil {
		return Order{}, fmt.Errorf("address of order %s: %w", row.ID, err)
	}
	if row.CartVersion != nil {
		o.cartVersion = *row.CartVersion
	}
	for _, line := range lines {
		if line.OrderID == row.ID {
			o.Lines = append(o.Lines, lineFromRow(line, row.Currency))
		}
	}
	return o, nil
}

func lineFromRow(row orderdb.OrderLine, currency string) Line {
	return Line{ID: row.ID, PricedLine: PricedLine{
		VariantID: row.VariantID, ProductID: row.ProductID, SKU: row.Sku, Name: row.Name, Quantity: row.Quantity,
		UnitPrice: money.New(row.UnitPrice, currency), Total: money.New(row.Total, currency),
	}}
}

func stateOf(row orderdb.Order) State {
	reason := ""
	if Status(row.Status) == Rejected { // a word of ours; a cancelled order's are somebody's own
		reason = orEmpty(row.Reason)
	}
	return State{
		OrderID: row.ID, Status: Status(row.Status), Reason: reason, PaymentStatus: row.PaymentStatus, PaymentID: row.PaymentID,
		Fulfilment: row.Fulfilment, Version: row.Version, UpdatedAt: row.UpdatedAt.UTC(), ConfirmedAt: row.ConfirmedAt, ClosedAt: row.ClosedAt,
		actionURL: orEmpty(row.ActionUrl),
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// unlessEmpty is a pointer to s, nil for "".
func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// version is the version of the order's cart, nil when it came from none.
func (o Order) version() *int64 {
	if o.CartID == nil {
		return nil
	}
	return &o.cartVersion
}
