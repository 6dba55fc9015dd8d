// Package provider is a payment provider for a developer's machine. It stands in for Stripe: the
// payment service talks to it with stripe-go, over the same wire, and going to production means
// another URL and key.
//
// # Nouns
//
// A payment intent is one wish to be paid. A charge is one attempt to take its money; a declined
// one stays, as failed. A refund gives captured money back. A ledger entry moves an amount out of
// one account into another: card (the customer's), held (authorized) and merchant (captured). An
// event tells the webhook endpoint what happened. An idempotency key names one request.
//
// # States of an intent
//
//	requires_payment_method → requires_confirmation → (requires_action | processing)
//	  → requires_capture → succeeded
//
// A decline or a failed 3-D Secure puts it back to requires_payment_method with last_payment_error.
// Everything but succeeded and processing can be canceled, which releases what is held.
//
// # Invariants
//
// Held, captured and refunded amounts stay within bounds by CHECK constraints; the ledger balances
// because each entry has a debit and a credit. Everything a request changes, with its events and
// the reply kept for its key, is one statement (SavePayment), hence one transaction: a crash leaves
// all of it or nothing. The intent's version is the lock; whoever lost a race reads again.
//
// # What is imitated
//
//	docs.stripe.com/api/payment_intents      create, confirm, capture, cancel, retrieve, list
//	docs.stripe.com/payments/multicapture    capture in parts, when asked for with request_multicapture
//	docs.stripe.com/search                   search by metadata and status, if asked for with a lag
//	docs.stripe.com/api/refunds              create, retrieve, list
//	docs.stripe.com/api/charges, /events     retrieve and list
//	docs.stripe.com/api/errors               the error object; 401, 402, 404, 409, 429
//	docs.stripe.com/api/idempotent_requests  keys: replies kept 24 h, 500s too, but nothing that
//	docs.stripe.com/error-low-level          failed before its work began (bad parameters, 409, 429)
//	docs.stripe.com/webhooks                 signatures, at least once, no order, retries for 3 days
//	docs.stripe.com/testing                  the test payment methods, declines and 3-D Secure
//	docs.stripe.com/declines/codes           what a decline says
//
// Not imitated: customers, saved payment methods (pm_card_visa stays pm_card_visa where Stripe
// would make a pm_… of its own), methods other than cards, disputes, fees and payouts, and
// the events payment_intent.created and charge.succeeded, to which Kassa does not subscribe.
//
// # Faults
//
// Every way to misbehave is in faultKinds. A request asks for faults with metadata[kassa_fault]; a
// share of all requests gets them by PUT /_sandbox/faults; docs/sandbox.md shows how. A request
// whose caller has gone is worked to its end, as at Stripe.
package provider
