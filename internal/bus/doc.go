// Package bus is the broker between Kassa's services: NATS JetStream, one
// stream for events and one for dead letters.
//
// The bus is a lossy transport: JetStream acknowledges before it has synced
// to disk, and its data directory may be lost. The truth is the outbox of the
// publishing service (package outbox), which publishes again when the stream
// is younger than what was published into it.
package bus
