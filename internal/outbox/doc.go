// Package outbox moves a service's events from the transaction that made them
// true to the bus, and applies the events of others once.
//
// A service appends an event in the transaction of the change (Append). The
// Relay, one at a time per database, publishes what is not yet published, in
// order, and marks it. A consumer applies an event and remembers it in the
// same transaction (Inbox): a repeat changes nothing, and an event older than
// the newest one applied to its subject is dropped.
//
// Every service's database has the tables of these packages; their definition
// is the same in each (migrations/0002_outbox.sql, checked by internal/arch).
package outbox
