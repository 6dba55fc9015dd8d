// Package process runs a worker binary: it handles "migrate", says in one
// sentence what is wrong at start, answers /health, /ready, /status and /metrics, and
// stops cleanly.
//
// A worker's main is a table of contents:
//
//	func main() { process.Main("inventory", inventorydb.Migrations(), run) }
//
//	func run(ctx context.Context, p *process.Process) error {
//		cfg, err := config.Load[Config]()
//		…
//		p.Check("database", pool.Ping)
//		p.Add("outbox relay", relay.Run)
//		return p.Serve(cfg.Listen, handler)
//	}
//
// run only registers. Main then starts every component; the first to stop stops
// the rest. On SIGTERM readiness goes off first, and for KASSA_DRAIN requests are
// still answered, each telling its client to come by another connection next
// time; then streams are ended (Leaving), and components stop in the reverse
// order of registration, each finishing what it has begun, within 20 s
// altogether. One that fails before it is told to stop makes the exit code 1 even
// then. A second signal ends the process at once.
package process
