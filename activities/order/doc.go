// Package order is the order service: it records what a customer wants to buy,
// leads it through its life, and never forgets it.
//
// # Nouns
//
// An Order is a customer's purchase: lines at the price of the moment, a total,
// an address. It is event-sourced: order_events is the truth (append only,
// versions without gaps) and the orders row is its projection; both are written
// by the same statement, together with the outbox row.
//
// # States
//
//	pending ──► awaiting_payment ──► confirmed ──► cancelled
//	   │               │                 ▲
//	   ├───────────────┼─────────────────┘
//	   └───────────────┴──► rejected
//
// An order that was never confirmed is rejected (with a reason); one that was
// is cancelled. Rejected and cancelled orders are closed: nothing moves them.
//
// # Invariants
//
// One order per customer, operation and idempotency key. A closed order holds
// no stock and no money; a confirmed one has exactly one payment. Every guard
// stands in the WHERE of the one statement that moves an order (UpdateOrder).
//
// # When something fails
//
// From the moment PlaceOrder answers, the order cannot be lost: the checkout
// saga leads it to confirmed or rejected, and Reconcile starts the saga again
// for an order that has none.
package order
