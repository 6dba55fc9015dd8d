// Package localstack runs the whole platform on one machine without containers.
//
// It starts, as far as possible at the same time: a private Postgres, NATS JetStream inside this
// process, the real Temporal server on that Postgres with its Web UI, the sandboxes that stand in
// for the outside world, and every worker as a process of its own. services.go is the table of
// them; a new service is a new line there.
//
// Each component is supervised: a process that ends is started again. State lives in one
// directory: data/ (Postgres, NATS), run/ (process ids, generated configuration, addresses), logs/,
// secrets/ (development values, made at the first start), bin/ and tools/ (programs).
//
// Nothing outlives the launcher. Stop ends everything in reverse order. When the launcher itself is
// killed the kernel ends its children (Linux), and the next start ends whatever is left, recognised
// by process id and start time.
package localstack
