package order

import "kassa/internal/fault"

// What can be wrong with an order.
var (
	ErrOrderNotFound   = fault.New(fault.NotFound, "order_not_found", "There is no such order.")
	ErrKeyReused       = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
	ErrPriceChanged    = fault.New(fault.Conflict, "price_changed", "The total is no longer the expected one.")
	ErrNothingToPay    = fault.New(fault.Invalid, "nothing_to_pay", "The total of an order must be more than zero.")
	ErrOrderClosed     = fault.New(fault.Conflict, "order_closed", "The order is closed.")
	ErrOrderCancelled  = fault.New(fault.Declined, "order_cancelled", "The order was cancelled before it was confirmed.")
	ErrPaymentExpired  = fault.New(fault.PaymentDeclined, "payment_expired", "The payment was not authenticated in time.")
	ErrIllegalStep     = fault.New(fault.Conflict, "illegal_transition", "The order cannot go from its state to that one.")
	ErrOrderUnfinished = fault.New(fault.Unavailable, "order_unfinished", "The order is not settled yet.")
)

// RejectionOf is the fault that rejected a rejected order, as the client was
// first told it, or nil for any other order.
func RejectionOf(o Order) *fault.Error {
	if o.Status != Rejected {
		return nil
	}
	for _, known := range []*fault.Error{ErrOrderCancelled, ErrPaymentExpired} {
		if known.Reason == o.Reason {
			return known
		}
	}
	message, _ := o.rejection["message"].(string)
	f := fault.New(fault.Code(o.rejectedBy), o.Reason, message)
	for name, value := range o.rejection {
		if name != "message" {
			f = f.With(name, value)
		}
	}
	return f
}
