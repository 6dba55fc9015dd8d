package events

import (
	"github.com/google/uuid"

	"kassa/internal/money"
)

// What the order service tells. The subject is the order's id, the data an Order.
const (
	OrderCreated         = "order.created"
	OrderAwaitingPayment = "order.awaiting_payment"
	OrderInReview        = "order.in_review" // somebody must approve it
	OrderApproved        = "order.approved"
	OrderHeld            = "order.held" // an operator has stopped its saga
	OrderResumed         = "order.resumed"
	OrderRetried         = "order.retried" // an operator has told its saga not to wait
	OrderConfirmed       = "order.confirmed"
	OrderRejected        = "order.rejected"
	OrderCancelRequested = "order.cancel_requested"
	OrderCancelled       = "order.cancelled"
	OrderPaymentChanged  = "order.payment_changed" // its payment is elsewhere than it was

	OrderShipmentPlanned = "order.shipment_planned" // some of it is being made ready
	OrderShipmentFailed  = "order.shipment_failed"  // and never left
	OrderShipped         = "order.shipped"          // some of it has left
	OrderDelivered       = "order.delivered"        // a shipment has arrived

	OrderRefundRequested = "order.refund_requested"
	OrderRefundFailed    = "order.refund_failed"
	OrderRefunded        = "order.refunded" // money was given back
	OrderReturnRequested = "order.return_requested"
	OrderReturnApproved  = "order.return_approved"
	OrderReturnReceived  = "order.return_received"
	OrderReturnRejected  = "order.return_rejected"
	OrderReturned        = "order.returned" // goods are back, and their money too
)

// Order is an order as its events tell it. What an event is not about is absent.
type Order struct {
	OrderID     uuid.UUID    `json:"order_id"`
	UserID      uuid.UUID    `json:"user_id"`
	Number      string       `json:"number,omitempty"` // like K-1000042
	Total       money.Money  `json:"total"`
	Discount    *money.Money `json:"discount,omitempty"`     // absent when there is none
	Lines       []OrderLine  `json:"lines,omitempty"`        // on order.created, order.confirmed; of the shipment on order.shipped
	CartID      *uuid.UUID   `json:"cart_id,omitempty"`      // the cart it came from, if any
	CartVersion int64        `json:"cart_version,omitempty"` // and which version of it
	Coupon      string       `json:"coupon,omitempty"`       // its code
	Payment     *uuid.UUID   `json:"payment_id,omitempty"`   // on order.confirmed
	Reason      string       `json:"reason,omitempty"`       // on order.rejected and the failures: a stable word
	ShipmentID  *uuid.UUID   `json:"shipment_id,omitempty"`  // on the events of shipments
	Carrier     string       `json:"carrier,omitempty"`      // on order.shipped
	Tracking    string       `json:"tracking,omitempty"`     // on order.shipped: the carrier's number
	Complete    bool         `json:"complete,omitempty"`     // on order.shipped, order.delivered, order.returned: nothing of the order remains to be
	RefundID    *uuid.UUID   `json:"refund_id,omitempty"`    // on the events of refunds
	Amount      *money.Money `json:"amount,omitempty"`       // on the events of refunds
	Full        bool         `json:"full,omitempty"`         // on order.refunded: all of the order's money is back
	ReturnID    *uuid.UUID   `json:"return_id,omitempty"`    // on the events of returns
}

// OrderLine is what was ordered of one variant.
type OrderLine struct {
	VariantID uuid.UUID    `json:"variant_id"`
	ProductID *uuid.UUID   `json:"product_id,omitempty"` // not on order.created
	Quantity  int64        `json:"quantity"`             // pieces
	UnitPrice *money.Money `json:"unit_price,omitempty"` // on order.confirmed
	Total     *money.Money `json:"total,omitempty"`      // on order.confirmed: unit price × quantity
}
