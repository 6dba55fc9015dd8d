package events

import (
	"time"

	"github.com/google/uuid"

	"kassa/internal/cloudevent"
	"kassa/internal/money"
)

// What the payment service tells. Subject: payment id.
const (
	PaymentActionRequired = "payment.action_required" // the bank wants the customer
	PaymentMethodChanged  = "payment.method_changed"  // the customer has chosen another method; the old one can take nothing any more
	PaymentAuthorized     = "payment.authorized"      // the money is held
	PaymentReceived       = "payment.received"        // money is taken: all of it, or a part
	PaymentReleased       = "payment.released"        // a part was taken, and the rest is let go
	PaymentFailed         = "payment.failed"          // the bank or the provider said no
	PaymentVoided         = "payment.voided"          // nothing was taken, and nothing is held any more
	PaymentRefunded       = "payment.refunded"        // money was given back
	PaymentRefundFailed   = "payment.refund_failed"   // money that was given back came back to us
)

// PaymentChanged is the payload of all of them: the payment after the change.
type PaymentChanged struct {
	PaymentID   uuid.UUID   `json:"payment_id"`
	OrderID     uuid.UUID   `json:"order_id"`
	Status      string      `json:"status"`
	Amount      money.Money `json:"amount"`
	Authorized  money.Money `json:"authorized"`
	Captured    money.Money `json:"captured"`
	Refunded    money.Money `json:"refunded"`
	Provider    string      `json:"provider"`               // card or bank_transfer
	DeclineCode string      `json:"decline_code,omitempty"` // the bank's word, on payment.failed
	CaptureID   *uuid.UUID  `json:"capture_id,omitempty"`   // on payment.received, of a payment that was held
	RefundID    *uuid.UUID  `json:"refund_id,omitempty"`    // on payment.refunded and payment.refund_failed, one event for each; left out when it is none of ours
}

// NewPaymentChanged says that a payment has changed. version is the payment's
// version after it.
func NewPaymentChanged(typ string, at time.Time, version int64, changed PaymentChanged) cloudevent.Event {
	return New("payment", typ, changed.PaymentID, version, at, changed)
}
