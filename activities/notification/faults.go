package notification

import "kassa/internal/fault"

// The ways notification says no.
var (
	ErrNotificationNotFound = fault.New(fault.NotFound, "no_such_notification", "There is no such notification.")
	ErrNotificationPending  = fault.New(fault.Conflict, "notification_pending", "It is still being sent; there is nothing to repeat yet.")
	ErrTextForgotten        = fault.New(fault.Conflict, "text_forgotten", "The text of this message has been forgotten; write it anew.")
	ErrRecipientUnknown     = fault.New(fault.NotFound, "recipient_unknown", "There is no such customer.")
	ErrBadMessage           = fault.New(fault.Invalid, "bad_message", "A message needs a subject of 1 to 200 characters, a text of 1 to 10,000, and a channel that this shop has.")

	ErrPushOff              = fault.New(fault.Declined, "push_off", "This shop sends no push messages.")
	ErrBadSubscription      = fault.New(fault.Invalid, "bad_push_subscription", "Send the subscription as the browser gave it: an https endpoint of a push service, and its two keys.")
	ErrTooManySubscriptions = fault.New(fault.Declined, "too_many_push_subscriptions", "You are told in 20 browsers already; take one away first.")

	ErrEndpointNotFound = fault.New(fault.NotFound, "no_such_webhook_endpoint", "There is no such webhook endpoint.")
	ErrDeliveryNotFound = fault.New(fault.NotFound, "no_such_webhook_delivery", "There is no such delivery.")
	ErrBadEndpoint      = fault.New(fault.Invalid, "bad_webhook_endpoint", "A webhook endpoint needs an https address outside of this network, without a password in it, and types of events that there are.")
	ErrEndpointExists   = fault.New(fault.Conflict, "webhook_endpoint_exists", "There is an endpoint with this address already.")
	ErrEndpointDisabled = fault.New(fault.Declined, "webhook_endpoint_disabled", "The endpoint is switched off; enable it first.")
	ErrDeliveryPending  = fault.New(fault.Conflict, "webhook_delivery_pending", "The delivery is under way already.")
)
