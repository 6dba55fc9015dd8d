// Package paymentapi is the HTTP surface of the payment service: payments and
// their history, the ledger, and the provider's webhooks.
package paymentapi
