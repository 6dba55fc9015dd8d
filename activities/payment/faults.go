package payment

import "kassa/internal/fault"

// What can go wrong with a payment.
var (
	// ErrCardDeclined carries decline_code, the bank's own word for the reason.
	ErrCardDeclined = fault.New(fault.PaymentDeclined, "card_declined", "The payment was declined. Please use another payment method.")
	// ErrPaymentMethodUnknown is a payment method that the provider cannot use.
	ErrPaymentMethodUnknown = fault.New(fault.PaymentDeclined, "payment_method_invalid", "This payment method cannot be used. Please use another one.")
	// ErrAmountRefused is an amount that the provider does not take, like one below its minimum.
	ErrAmountRefused = fault.New(fault.PaymentDeclined, "amount_refused", "This amount cannot be paid with this payment method.")

	ErrPaymentVoided        = fault.New(fault.Declined, "payment_voided", "This order wants no payment any more.")
	ErrPaymentDiffers       = fault.New(fault.Conflict, "payment_differs", "This order already has a payment over something else.")
	ErrPaymentNotFound      = fault.New(fault.NotFound, "payment_not_found", "There is no such payment.")
	ErrPaymentNotCapturable = fault.New(fault.Declined, "payment_not_capturable", "This payment cannot be captured as it stands.")
	ErrPaymentInvalid       = fault.New(fault.Invalid, "payment_invalid", "This payment cannot be asked for as it is.")

	// ErrPaymentNotAwaiting is a payment whose method cannot be changed: it does not wait for its customer.
	ErrPaymentNotAwaiting = fault.New(fault.Conflict, "payment_not_awaiting", "This payment does not wait for its customer, so its method stays.")
	// ErrPaymentChangedTooOften is a payment whose method was changed as often as it may be.
	ErrPaymentChangedTooOften = fault.New(fault.Declined, "payment_changed_too_often", "The payment method of this order was changed too often. Pay with the last one, or order anew.")
	// ErrPaymentNotTransfer is a payment of which no bank transfer is expected.
	ErrPaymentNotTransfer = fault.New(fault.Conflict, "payment_not_transfer", "No bank transfer is expected for this payment.")
	// ErrTransferDiffers is a bank transfer over another amount than the payment's.
	ErrTransferDiffers = fault.New(fault.Conflict, "transfer_differs", "That is not the amount of this payment. Ask the customer for the right one, or send it back.")

	// ErrCaptureExceeds is a capture of more than is held.
	ErrCaptureExceeds = fault.New(fault.Conflict, "capture_exceeds_authorized", "That is more than this payment still holds.")
	// ErrCaptureIndivisible is a capture that should leave the rest held, on a card that cannot do that.
	ErrCaptureIndivisible = fault.New(fault.Declined, "capture_indivisible", "This card's money can be taken once only: the first capture must be the final one.")
	// ErrRefundExceeds is a refund that would make the refunds more than what was taken.
	ErrRefundExceeds = fault.New(fault.Conflict, "refund_exceeds_captured", "That is more than is left of what was paid.")
	// ErrRefundFailed is a refund that the provider will not make, or that came back from the customer's bank.
	ErrRefundFailed = fault.New(fault.Declined, "refund_failed", "The money could not be given back this way.")

	// ErrPaymentInProgress asks to come again: another call is talking to the provider.
	ErrPaymentInProgress = fault.New(fault.Unavailable, "payment_in_progress", "The payment is being processed. Please try again in a moment.")
	// ErrProviderUnavailable asks to come again: the outcome is not known yet.
	ErrProviderUnavailable = fault.New(fault.Unavailable, "payment_provider_unavailable", "The payment provider does not answer at the moment. Please try again.")

	// ErrWebhookForged is a webhook that the provider did not sign, or not recently.
	ErrWebhookForged = fault.New(fault.Malformed, "webhook_signature_invalid", "The signature does not fit the request.")
	// ErrWebhookUnreadable is a signed body that is no event.
	ErrWebhookUnreadable = fault.New(fault.Malformed, "webhook_unreadable", "The body is no event.")
)
