// Package payment takes customers' money, once.
//
// # Nouns
//
// A payment is the one payment of an order. A capture takes a part of what it
// holds, or all; a refund gives a part of that back. An attempt is one thing
// asked of the provider (authorize, capture, void, refund), written down before
// it is asked; its key is the provider's idempotency key. A transaction is one
// change of a payment, the ledger entry of the same version books it, and an
// event tells it. A webhook is what the provider tells us by itself.
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
// Authorized means that something is still held, even when a part was taken and
// some of that given back.
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
// # In parts
//
// Whoever captures or refunds names it by an id of their own, and under that id
// money moves once. The provider has the id too, as metadata, so that a lost
// answer is found again: what is seen there has happened; otherwise the same key
// is sent again, until the answer is definite. Only a request that the provider
// has ended without effect is tried under the next key.
//
// Refunds never add up to more than was taken: ClaimRefund raises what refunds
// claim (payments.refund_claimed) by one conditional UPDATE before anybody is
// asked. What a refund claimed is free again when it comes to nothing, also days
// later, when the customer's bank sends it back.
//
// # Providers
//
// A provider (provider.go) is Stripe or Bank. Stripe is asked over the network.
// Bank is our own account: nobody is asked, and its word is the sum of what is
// known of transfers (bank_transfers): expected, cancelled, received, to be sent
// back. A person marks what has come (ReceivePayment). Everything above the
// interface is the same for both.
//
// While a payment waits for its customer, the method may change
// (ChangePaymentMethod). The old intent is cancelled; in the transaction that
// records it the next authorization is written down, so the payment is never seen
// without a method. What an earlier intent still comes to is not the payment's
// (payments.wanted_attempt), and is given back.
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
// canceled, or let go when a part was taken; what was taken and not given back is
// refunded; what a transfer brought is recorded as due. An authorization that did not reach the
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
// Double entry: card_holds against hold_commitments for what is held,
// provider_clearing against customer_orders for what was taken and not given back.
// A transfer is on bank_account instead, and what is to be sent back of it on
// refunds_due. The lines follow from the payment's amounts before and after, in
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
