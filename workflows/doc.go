// Package workflows holds the sagas: deterministic code that leads an order
// through several services, on Temporal.
//
// checkout.go is the one to read first; saga.go and call.go are the few words
// it is written in. A saga knows nothing of transport: it calls the methods of
// the services by reference, and call.go decides how they are reached.
//
// A change to a saga that may be running needs workflow.GetVersion and newly
// recorded histories (make record); the replay test refuses anything else.
package workflows

import (
	"go.temporal.io/sdk/temporal"

	"kassa/activities/analytics"
	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/notification"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/activities/user"
)

// The services by whose methods a saga names its steps. They are nil: the
// worker that runs the step has the real one.
var (
	orders   *order.Service
	stock    *inventory.Service
	payments *payment.Service
	carts    *cart.Service
	visitors *analytics.Service
	notices  *notification.Service
	users    *user.Service
)

// Remote lists the services that live in other processes, by task queue. The
// order worker registers a direct call for each of their operations.
func Remote() map[string]any {
	return map[string]any{
		inventory.Queue: stock, payment.Queue: payments, cart.Queue: carts, analytics.Queue: visitors, notification.Queue: notices, user.Queue: users,
	}
}

// All lists the workflows that the order worker hosts.
func All() []any { return []any{Checkout, Cancel, Fulfil, Refund, Return, Erase, Remind, Reconcile} }

// Search attributes of the sagas. Customer, total and currency are set at
// start; OrderState only when a saga waits for somebody.
var (
	CustomerID = temporal.NewSearchAttributeKeyKeyword("CustomerId")
	OrderTotal = temporal.NewSearchAttributeKeyInt64("OrderTotal") // minor units
	Currency   = temporal.NewSearchAttributeKeyKeyword("Currency")
	OrderState = temporal.NewSearchAttributeKeyKeyword("OrderState") // awaiting_payment, in_review, held, needs_attention
)
