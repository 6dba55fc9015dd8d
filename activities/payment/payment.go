package payment

import (
	"time"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// Provider is who moves the money of a payment.
type Provider string

// The providers.
const (
	ProviderCard         Provider = "card"          // the card networks, by way of Stripe
	ProviderBankTransfer Provider = "bank_transfer" // our own bank account, to which the customer transfers
)

// CaptureMode says when an authorized payment is taken.
type CaptureMode string

// The capture modes.
const (
	CaptureAutomatic CaptureMode = "automatic" // at once, with the authorization
	CaptureManual    CaptureMode = "manual"    // later, by CapturePayment
)

// PaymentStatus is where a payment stands. doc.go draws the transitions.
type PaymentStatus string //nolint:revive // there is an order.Status, and an order shows both

// The states of a payment.
const (
	StatusPending        PaymentStatus = "pending"         // the provider is being asked
	StatusUnknown        PaymentStatus = "unknown"         // it was asked, and we do not know what it did
	StatusRequiresAction PaymentStatus = "requires_action" // the bank wants the customer (3-D Secure)
	StatusAuthorized     PaymentStatus = "authorized"      // held on the card; a part may have been taken already
	StatusCaptured       PaymentStatus = "captured"        // taken, perhaps partly given back
	StatusVoided         PaymentStatus = "voided"          // nothing was taken and nothing is held any more
	StatusRefunded       PaymentStatus = "refunded"        // taken, then given back whole
	StatusFailed         PaymentStatus = "failed"          // the bank or the provider said no
)

// Payment is the one payment of an order. Amounts are in the order's currency;
// 0 ≤ refunded ≤ captured ≤ authorized ≤ amount. A tombstone, left by
// VoidPayment where there was no payment, is voided with an amount of 0 XXX
// (the ISO code for "no currency").
type Payment struct {
	ID           uuid.UUID     `json:"id" format:"uuid" doc:"Id of the payment." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
	OrderID      uuid.UUID     `json:"order_id" format:"uuid" doc:"The order it pays." example:"01993f5e-8f5a-7b12-8c11-6a0b9d3e5f21"`
	Status       PaymentStatus `json:"status" enum:"pending,unknown,requires_action,authorized,captured,voided,refunded,failed" doc:"Where the payment stands." example:"captured"`
	Capture      CaptureMode   `json:"capture" enum:"automatic,manual" doc:"Whether the money is taken at once or later." example:"automatic"`
	Amount       money.Money   `json:"amount" doc:"What the order costs."`
	Authorized   money.Money   `json:"authorized" doc:"What is held on the card or has been taken."`
	Captured     money.Money   `json:"captured" doc:"What has been taken."`
	Refunded     money.Money   `json:"refunded" doc:"What of it has been given back."`
	Provider     Provider      `json:"provider" enum:"card,bank_transfer" doc:"Who moves the money." example:"card"`
	ActionURL    string        `json:"action_url,omitempty" doc:"The bank's page for the customer, while the status is requires_action." example:"https://hooks.stripe.com/3d_secure_2/hosted?payment_intent=pi_1"`
	Reference    string        `json:"reference,omitempty" doc:"What the customer writes on the transfer, while one is awaited." example:"K7P2M4Q9XA"`
	AwaitSeconds int64         `json:"await_seconds,omitempty" doc:"How long the customer has while the status is requires_action, in seconds. Left out: 15 minutes." example:"604800"`
	DeclineCode  string        `json:"decline_code,omitempty" doc:"Why the bank said no, while the status is failed." example:"insufficient_funds"`
	Version      int64         `json:"version" doc:"Counts changes, starting at 1." example:"2"`
	CreatedAt    time.Time     `json:"created_at" doc:"When it was first asked for." example:"2026-01-31T12:00:00.100000Z"`
	UpdatedAt    time.Time     `json:"updated_at" doc:"When it last changed." example:"2026-01-31T12:00:00.123456Z"`
}

// AuthorizePaymentInput asks for an order's payment. Two calls for one order
// must agree in everything.
type AuthorizePaymentInput struct {
	OrderID       uuid.UUID   `json:"order_id" format:"uuid"`
	UserID        uuid.UUID   `json:"user_id" format:"uuid"`
	Amount        money.Money `json:"amount"`
	PaymentMethod string      `json:"payment_method"` // the provider's token, like pm_card_visa
	Capture       CaptureMode `json:"capture"`
	Faults        string      `json:"faults,omitempty"` // faults for the provider's sandbox (metadata kassa_fault), "" for none; refused in production
}

// VoidPaymentInput names the order that wants no payment any more.
type VoidPaymentInput struct {
	OrderID uuid.UUID `json:"order_id" format:"uuid"`
}

// ResolvePaymentInput names the order whose payment's truth is wanted.
type ResolvePaymentInput struct {
	OrderID uuid.UUID `json:"order_id" format:"uuid"`
}

// CapturePaymentInput asks to take money that an order's payment holds. Two
// calls with one capture id must agree in everything.
type CapturePaymentInput struct {
	OrderID   uuid.UUID   `json:"order_id" format:"uuid"`
	CaptureID uuid.UUID   `json:"capture_id" format:"uuid"` // whatever is taken under it, is taken once
	Amount    money.Money `json:"amount"`                   // the zero value takes everything that is held
	Final     bool        `json:"final"`                    // let the rest go
}

// ReadCaptureInput names a capture of an order's payment.
type ReadCaptureInput struct {
	OrderID   uuid.UUID `json:"order_id" format:"uuid"`
	CaptureID uuid.UUID `json:"capture_id" format:"uuid"`
}

// Capture is what was taken under a capture id.
type Capture struct {
	ID       uuid.UUID   `json:"id" format:"uuid"`
	Taken    money.Money `json:"taken"`    // 0 when nothing was
	Left     money.Money `json:"left"`     // at most so much of it can still be given back
	Captured money.Money `json:"captured"` // of the payment, by all of its captures
}

// RefundPaymentInput asks to give back a part of what an order's payment has
// taken, or all of it. Two calls with one refund id must agree in everything.
type RefundPaymentInput struct {
	OrderID  uuid.UUID   `json:"order_id" format:"uuid"`
	RefundID uuid.UUID   `json:"refund_id" format:"uuid"` // whatever is given back under it, is given back once
	Amount   money.Money `json:"amount"`
}

// ChangePaymentMethodInput asks to pay an order that waits for its customer with
// another method.
type ChangePaymentMethodInput struct {
	OrderID       uuid.UUID `json:"order_id" format:"uuid"`
	UserID        uuid.UUID `json:"user_id" format:"uuid"` // its customer
	PaymentMethod string    `json:"payment_method"`
	ChangeID      uuid.UUID `json:"change_id" format:"uuid"` // whatever is changed under it, is changed once; the zero value changes every time
}

// ReceivePaymentInput says that a bank transfer has come.
type ReceivePaymentInput struct {
	PaymentID uuid.UUID   `json:"payment_id" format:"uuid"`
	Amount    money.Money `json:"amount"`
	Reference string      `json:"reference"` // of the bank's statement, "" for none
	ActorID   uuid.UUID   `json:"actor_id" format:"uuid"`
}

// RefundStatus is where a refund stands.
type RefundStatus string

// The states of a refund that stands.
const (
	RefundPending   RefundStatus = "pending"   // on its way; it counts as given back
	RefundSucceeded RefundStatus = "succeeded" // given back
)

// The states of a refund that RefundPayment answers with a fault, or not yet.
const (
	refundRequested RefundStatus = "requested" // being asked for
	refundRefused   RefundStatus = "refused"   // nothing was given back
	refundFailed    RefundStatus = "failed"    // given back, but it came back to us
)

// Refund is money that was given back to the customer.
type Refund struct {
	ID      uuid.UUID    `json:"id" format:"uuid" doc:"Id of the refund." example:"01993f5e-8f5e-7d31-8a42-5b6c7d8e9f10"`
	Amount  money.Money  `json:"amount" doc:"What is given back."`
	Status  RefundStatus `json:"status" enum:"pending,succeeded" doc:"Pending: on its way to the customer." example:"succeeded"`
	Payment Payment      `json:"payment" doc:"The payment after it."`
}

// ReadPaymentInput names a payment by its own id or, when that is zero, by its
// order's. OwnerID, unless zero, makes anybody else's payment not found.
type ReadPaymentInput struct {
	PaymentID uuid.UUID `json:"payment_id" format:"uuid"`
	OrderID   uuid.UUID `json:"order_id" format:"uuid"`
	OwnerID   uuid.UUID `json:"owner_id" format:"uuid"`
}

// ListPaymentsInput asks for a page of payments, newest first. Zero values ask
// for no filter and the first page.
type ListPaymentsInput struct {
	OrderID     uuid.UUID     `json:"order_id" format:"uuid"`
	UserID      uuid.UUID     `json:"user_id" format:"uuid"`
	Status      PaymentStatus `json:"status"`
	Provider    Provider      `json:"provider"`
	Currency    string        `json:"currency"`
	CreatedFrom time.Time     `json:"created_from"`         // this one included
	CreatedTo   time.Time     `json:"created_to"`           // this one not
	Before      uuid.UUID     `json:"before" format:"uuid"` // the last id of the page before
	Limit       int           `json:"limit"`                // 1 to 100
}

// Payments is a page of payments, newest first.
type Payments struct {
	Payments []Payment `json:"payments"`
	More     bool      `json:"more"` // whether there are more after the last
}

// ListUnsettledPaymentsInput asks for payments that wait for the truth.
type ListUnsettledPaymentsInput struct {
	Before time.Time `json:"before"` // untouched since
	Limit  int       `json:"limit"`  // at most so many orders
}

// UnsettledPayments names the orders whose payment ResolvePayment should look
// at, longest untouched first.
type UnsettledPayments struct {
	Orders []uuid.UUID `json:"orders"`
}

// ListOpenPaymentsInput names some orders.
type ListOpenPaymentsInput struct {
	Orders []uuid.UUID `json:"orders"`
}

// OpenPayments names orders whose payment has money, or may yet come to some.
type OpenPayments struct {
	Orders []uuid.UUID `json:"orders"` // ascending
}
