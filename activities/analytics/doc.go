// Package analytics knows what sells, who comes how far, and what goes together.
//
// # Nouns
//
// Behaviour is what a visitor did in the shop, as its pages tell it: viewed a
// product, searched, put something into the cart, began a checkout. A visitor is
// a user, or an anonymous id that a page made up; when both come together, the
// anonymous one is known from then on. A visit is how far a visitor came on a
// day. A sale is what the order service tells of an order: placed, confirmed,
// cancelled, refunded. The catalogue says which products can be bought.
//
// # Facts, not counters
//
// What is told is written down as a fact, and reports add facts up when they
// are read. Facts commute: an event that comes late, twice or before an earlier
// one leads to the same rows, and so does a replay of all of them.
//
// Revenue is what orders confirmed on a day cost, less what was cancelled and
// less what was refunded on that day. A cancelled order gives back its total less
// its refunds, so nothing is subtracted twice. An order that was never confirmed
// brings and takes nothing. Days are days in UTC.
//
// # Invariants
//
//   - A sale is confirmed at most once, and has a total and a currency then.
//   - Nothing is linked to a user who was forgotten.
//   - A behaviour event counts once, by the id that the page gave it.
//
// # When it fails
//
// Nothing waits for this service. When it is out, pages lose their behaviour
// events or send them again, and events of other services wait in the broker and
// their outboxes until it is back. A report that takes too long is unavailable.
// ForgetVisitor is keyed by the user and may be repeated; its tombstone keeps
// late events from being linked to the user.
package analytics
