// Package payment takes customers' money, once.
//
// # Nouns
//
// A payment is the one payment of an order. An attempt is one thing asked of
// the provider (authorize, capture, void, refund), written down before it is
// asked; its key is the provider's idempotency key. A transaction is one change
// of a payment, the ledger entry of the same version books it, and an event
// tells it. A webhook is what the provider tells us by itself.
//
// # States
//
//	            ┌→ requires_action ─┐
//	pending ────┼→ unknown ─────────┤
//	            └───────────────────┴→ authorized → captured → refunded
//	                                 ↘ failed        ↘ voided
//
// A payment is pending while the provider is asked for the first time, unknown
// when that answer got lost. The schema says what each state means for the
// money: nothing is held or taken in any but authorized, captured and refunded.
//
// # One charge
//
// AuthorizePayment is two transactions with the provider's answer between them,
// each one round trip. The first writes payment and attempt; its unique order id
// lets one caller through. The second writes the answer.
//
// A payment has at most one open attempt. Whoever finds one that was sent less
// than 10 s ago is told to come again (ErrPaymentInProgress); an older one, or
// one whose answer got lost, is taken over. An answer that got lost is looked for
// by the order's id, then the same key is sent again. The next key is used only
// when the last one certainly came to nothing: the provider has kept an outage
// for it, and going through all its payments of that time finds none.
//
// # Whose word is newer
//
// The provider's word alone decides how a payment is (after), so words must be
// taken in order. Each is recorded against the version of the row that was read
// before asking; when the row has moved on, nothing is written and the provider
// is asked again (record, settle). The guard is the key of the transactions:
// one per version.
//
// # Undoing
//
// VoidPayment leaves a tombstone (payments.voided_at), also where there is no
// payment, and AuthorizePayment is refused from then on. What is held is
// canceled, what was taken refunded. An authorization that did not reach the
// provider is fenced: its key is spent on an intent that asks nobody for money,
// so that the late request can never charge. If money shows up after all, by
// webhook or by Reconcile (ListUnsettledPayments, ResolvePayment), it is given
// back. So is a second charge that a forgetful provider made for the same order.
//
// # Webhooks
//
// AcceptWebhook checks the signature and stores the event; those that come at
// once share a transaction. ApplyWebhooks later compares: most repeat an answer
// we have, which costs a share of one query. For the others the provider is asked
// how things are now, so order and repetition do not matter.
//
// # Ledger
//
// Double entry, over four accounts: card_holds against hold_commitments for what
// is held, provider_clearing against customer_orders for what was taken and not
// given back. The lines follow from the payment's amounts before and after, in
// the same transaction, so ledger and payments cannot disagree; the database
// refuses entries that do not sum to 0, and any change of them.
//
// Entries form a chain: a sequence without gaps, and a hash over the entry and
// the hash before it. A payment that took its sequence itself would hold the
// chain's lock until its commit has reached the disk, and all payments would
// queue for it, one per flush. So SealLedger does it for up to 500 entries at a
// time, about a second later, also adding them to the balances. The lock is the
// row ledger_head.
//
// # When it fails
//
// The provider silent: its callers wait at most 8 s, 128 of them at once, and the
// rest are refused at once. The database gone: nothing is asked of the provider,
// for the attempt cannot be written down; when it goes between the two
// transactions, the attempt is found open and its answer looked for. An outcome is
// recorded even when its caller has gone.
package payment

// Queue is the task queue of the payment service.
const Queue = "payment"
