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
	ErrCartOrdered     = fault.New(fault.Conflict, "cart_already_ordered", "This cart was ordered already.")
	ErrOrderDeclined   = fault.New(fault.Declined, "order_declined", "We cannot accept this order. Nothing was charged.")
	ErrShipmentBegun   = fault.New(fault.Conflict, "already_shipping", "The order is on its way and cannot be cancelled any more; it can be returned.")
	ErrOrderUnfinished = fault.New(fault.Unavailable, "order_unfinished", "The order is not settled yet.")
)

// What can be wrong with what an operator asks of an order under way.
var (
	ErrNotUnderway          = fault.New(fault.Conflict, "not_under_way", "The order's checkout is over.")
	ErrNotInReview          = fault.New(fault.Conflict, "not_in_review", "Nobody waits for a decision about this order.")
	ErrNotHeld              = fault.New(fault.Conflict, "not_held", "The order is not held.")
	ErrInterventionNotFound = fault.New(fault.NotFound, "intervention_not_found", "Nobody has asked for that.")
)

// What can be wrong with shipments, refunds and returns.
var (
	ErrLineNotFound     = fault.New(fault.Invalid, "unknown_line", "The order has no such line.")
	ErrNotShippable     = fault.New(fault.Conflict, "not_shippable", "Nothing of this order can be shipped now.")
	ErrShipsTooMuch     = fault.New(fault.Conflict, "ships_too_much", "That is more than what remains to be shipped.")
	ErrShipmentNotFound = fault.New(fault.NotFound, "shipment_not_found", "There is no such shipment.")
	ErrShipmentFailed   = fault.New(fault.Declined, "shipment_failed", "The shipment cannot leave.")                // detail "reason": a stable word
	ErrRefundFailed     = fault.New(fault.Declined, "refund_failed", "The money could not be given back this way.") // detail "reason": a stable word
	ErrShipmentBusy     = fault.New(fault.Conflict, "shipment_under_way", "A shipment of this order is being made ready; try again when it has left.")
	ErrNotRefundable    = fault.New(fault.Conflict, "not_refundable", "No money of this order can be given back now.")
	ErrRefundExceeds    = fault.New(fault.Conflict, "refund_exceeds_captured", "That is more than what was taken and not given back.")
	ErrRefundUnderway   = fault.New(fault.Conflict, "refund_under_way", "Money of this order is going back at the moment; try again when it has.")
	ErrRefundNotFound   = fault.New(fault.NotFound, "refund_not_found", "There is no such refund.")
	ErrNotReturnable    = fault.New(fault.Conflict, "not_returnable", "Nothing of this order can be returned now.")
	ErrReturnsTooMuch   = fault.New(fault.Conflict, "returns_too_much", "That is more than what was shipped and not returned.")
	ErrReturnNotFound   = fault.New(fault.NotFound, "return_not_found", "There is no such return.")
	ErrNoInvoice        = fault.New(fault.Conflict, "not_invoiced", "There is an invoice once the order is confirmed.")
)

// RejectionOf is the fault that rejected a rejected order, as the client was
// first told it, or nil for any other order.
func RejectionOf(o Order) *fault.Error {
	if o.Status != Rejected {
		return nil
	}
	for _, known := range []*fault.Error{ErrOrderCancelled, ErrPaymentExpired, ErrOrderDeclined} {
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
