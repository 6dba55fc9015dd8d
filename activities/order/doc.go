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
// A Shipment is some of its pieces on their way, a Refund money that went back, a
// GoodsReturn goods that come back. An Intervention is what an operator asked of
// its saga; their words stay here.
//
// # States
//
//	pending ──► awaiting_payment ──► in_review ──► confirmed ──► partially_shipped ──► shipped ──► delivered ──► returned
//	   │               │                 │             │
//	   ├──── held ─────┼─────────────────┤             ├──► cancelled
//	   └───────────────┴─────────────────┴──► rejected └──► … partially_refunded ──► refunded
//
// An order that was never confirmed is rejected (with a reason); one that was
// is cancelled. Rejected and cancelled orders are closed: nothing moves them.
// When money went back, the status shows that; how far the goods are is told by
// the order's fulfilment alone.
//
// # Invariants
//
// One order per customer, operation and idempotency key. A closed order holds
// no stock and no money; a confirmed one has exactly one payment. Every guard
// stands in the WHERE of the one statement that moves an order (UpdateOrder), or
// is checked while the order's row is held: pieces and money are claimed before
// a saga moves them, so no piece is shipped and no cent given back twice.
//
// # When something fails
//
// From the moment PlaceOrder answers, the order cannot be lost: the checkout
// saga leads it to confirmed or rejected, and Reconcile starts the saga again
// for an order that has none.
package order
