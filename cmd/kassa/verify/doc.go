// Package verify checks that no order, payment or unit of stock was lost or
// doubled: the invariants in invariants.go, each by a query or by comparing
// what different witnesses say of the same thing.
//
// # Witnesses
//
// The databases of the services, each seen through one REPEATABLE READ
// READ ONLY transaction of a role that may read and change nothing; Temporal's
// list of the sagas; the provider's own books; and the broker's dead letters. Nothing is asked of the
// services themselves: what they say of their data is what is on trial.
//
// # The order of looking
//
// There is no snapshot over several databases, so their order matters. Where
// the system writes B before A, "A ⇒ B" is checked by reading A first: what A
// shows, B must show a moment later. The order is
//
//	sagas → analytics → notifications → orders → payments → provider → inventory → users → products
//
// and makes these exact, under any load:
//
//   - a saga that ended ⇒ its order is settled (W1)
//   - an order was confirmed ⇒ its payment, its reservation (O2, I5)
//   - an order was closed ⇒ no money and no stock are held for it (O3, I4)
//   - a payment was recorded ⇒ the provider has it (P4)
//   - a consumer took an event in ⇒ its publisher has it (E2)
//
// The other way round there is a moment in which the later witness is ahead: a
// reservation whose order is too new to be seen, a cancellation between two
// looks, money that the provider took a second ago. Hence two more rules.
//
// Grace: on a running system, what is under way counts only when it is older
// than the grace (Config.Grace): events to publish and to apply, payments in
// doubt, webhooks, movements at the provider, orders without a saga. A strict
// check has no grace; it waits until the system is quiet instead.
//
// The second look: a finding counts when it is still there a while later
// (Config.Again), with the same key.
//
// # Once
//
// What breaks two rules is reported under one: stock held for a closed order is
// I4's and not O3's, a payment whose ledger entries do not balance L1's and not
// L2's, an unsettled order whose saga ended W1's and not O5's, a second charge
// of an order P1's and not P4's. So each corruption has one name.
//
// Everything is read as a whole: some hundred bytes of memory for each order,
// payment, reservation, saga and event of the last 13 days.
package verify
