// Package inventory knows what is in the warehouse and to whom it is promised.
//
// # Nouns
//
// Stock counts the units of one variant: on hand, and of those reserved; the
// rest is available. A variant that inventory has never heard of counts as
// none available. A Reservation promises units of several variants to one
// order, all of its lines or none. A movement is a change of on hand, with a
// reason. A Shipment takes goods of an order out of the warehouse, a return puts
// them back.
//
// # States
//
// A reservation is held, then shipped when the last of it has left, or released,
// which gives back what has not. It does not expire: the order's saga owns it,
// and Reconcile releases what no saga owns; one by hand is an administrator's. A
// released reservation stays as a tombstone. One that never held anything is a tombstone too: the
// release came first, and a late ReserveStock of that order is refused.
//
// # Invariants
//
//   - 0 ≤ reserved ≤ on hand (checked by the schema).
//   - reserved = Σ what has not shipped of held reservations of the variant.
//   - sold = Σ shipped, and what came back ≤ shipped, of each order and variant.
//   - on hand = Σ movements of the variant; its first count is a movement.
//
// # When it fails
//
// ReserveStock and ReleaseStock are keyed by the order id and may be repeated
// at any time, at once, in any order. A refusal writes nothing, so a repeat may
// find the stock that the first attempt missed; the saga undoes the step after
// a refusal and the tombstone ends the matter. Within one order attempts take
// turns by an advisory lock; between orders, stock rows are locked in the order
// of their ids. No wait can therefore form a circle.
//
// ShipStock is keyed by the shipment and RestockReturn by the return; both take
// the order's turn, and lock stock rows in the same order.
//
// The version of an inventory (its ETag) counts changes of on hand, and what was
// told of its level, not reservations: an administrator who restocks a busy product would otherwise
// always be too late.
package inventory
