package events

import (
	"github.com/google/uuid"

	"kassa/internal/money"
)

// What the order service tells. The subject is the order's id, the data an Order.
const (
	OrderCreated         = "order.created"
	OrderAwaitingPayment = "order.awaiting_payment"
	OrderConfirmed       = "order.confirmed"
	OrderRejected        = "order.rejected"
	OrderCancelRequested = "order.cancel_requested"
	OrderCancelled       = "order.cancelled"
)

// Order is an order as its events tell it.
type Order struct {
	OrderID uuid.UUID   `json:"order_id"`
	UserID  uuid.UUID   `json:"user_id"`
	Total   money.Money `json:"total"`
	Lines   []OrderLine `json:"lines,omitempty"`      // on order.created only
	Payment *uuid.UUID  `json:"payment_id,omitempty"` // on order.confirmed
	Reason  string      `json:"reason,omitempty"`     // on order.rejected: a stable word
}

// OrderLine is what was ordered of one variant.
type OrderLine struct {
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"` // pieces
}
