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
		paymentMethod: row.PaymentMethod, capture: row.Capture, fingerprint: row.Fingerprint,
	}
	if err := json.Unmarshal(row.ShippingAddress, &o.ShippingAddress); err != nil {
		return Order{}, fmt.Errorf("address of order %s: %w", row.ID, err)
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
		Version: row.Version, UpdatedAt: row.UpdatedAt.UTC(), ConfirmedAt: row.ConfirmedAt, ClosedAt: row.ClosedAt,
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
