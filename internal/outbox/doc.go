// Package outbox moves a service's events from the transaction that made them
// true to the bus, and applies the events of others once.
//
// A service appends an event in the transaction of the change (Append). The
// Relay, one at a time per database, publishes what is not yet published, in
// order, and marks it; a relay that dies in between publishes again. While
// events keep coming it reads ten times a second; when they stop it sleeps until a
// transaction notifies it. When the broker has lost its data, what had been
// published is published again.
//
// A Consumer applies an event and remembers it in the same transaction, many
// events at a time: a repeat changes nothing, and an event older than the
// newest one applied to its subject is dropped. An event that cannot be applied
// comes again a few times, while later ones of the same subject wait and all
// others go on, and ends in the dead letters. A database that is out is
// nobody's failure: the consumer waits for it.
//
// Every service's database has the tables of this package; their definition
// is the same in each (testdata/0002_outbox.sql, checked by internal/arch).
package outbox
