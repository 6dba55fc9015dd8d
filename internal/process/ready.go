package process

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/pg"
	"kassa/internal/telemetry"
)

// checkWithin bounds one answer of /ready: a hung dependency is a missing one.
const checkWithin = time.Second

// check asks whether a dependency can be used now.
type check struct {
	name string
	ask  func(ctx context.Context) error
}

// Check registers a dependency of /ready. ask answers nil when it can be used.
func (p *Process) Check(name string, ask func(ctx context.Context) error) {
	p.checks = append(p.checks, check{name: name, ask: ask})
}

// Database registers the process's own database: /ready asks it, /metrics tells
// how busy its pool is.
func (p *Process) Database(pool *pgxpool.Pool) {
	p.Check("database", pool.Ping)
	telemetry.Registry.MustRegister(pg.Collector(pool))
}

// Delay registers how long work waits in this service of late, where /ready itself
// cannot feel it. /ready tells it in its Server-Timing header (W3C Server Timing).
func (p *Process) Delay(of func() time.Duration) { p.delay = of }

// State is the body of /ready.
type State struct {
	Service string            `json:"service"`
	Status  string            `json:"status"` // ready | not ready | stopping
	Checks  map[string]string `json:"checks"` // dependency → ok | unavailable
}

// Health answers that the process lives, whatever it depends on.
func (p *Process) Health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"service": p.Name, "status": "ok"})
}

// Readiness answers 200 when every dependency can be used, 503 otherwise.
func (p *Process) Readiness(w http.ResponseWriter, r *http.Request) {
	answer := p.Ready(r.Context())
	if p.delay != nil {
		w.Header().Set("Server-Timing", fmt.Sprintf("queue;dur=%d", p.delay().Milliseconds()))
	}
	status := http.StatusOK
	if answer.Status != "ready" {
		w.Header().Set("Retry-After", "1")
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

// Ready asks every dependency, at the same time, and says which is missing. The
// reasons go to the log: they may name hosts and roles.
func (p *Process) Ready(ctx context.Context) State {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	answer := State{Service: p.Name, Status: "ready", Checks: map[string]string{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, c := range p.checks {
		wg.Go(func() {
			err := within(ctx, c.ask)
			mu.Lock()
			defer mu.Unlock()
			answer.Checks[c.name] = "ok"
			if err != nil {
				answer.Checks[c.name] = "unavailable"
				answer.Status = "not ready"
				p.Log.Debug("not ready", zap.String("check", c.name), zap.Error(err))
			}
		})
	}
	wg.Wait()
	if !p.ready.Load() {
		answer.Status = "stopping"
	}
	return answer
}

// within answers ctx's error when ask does not come back in time.
func within(ctx context.Context, ask func(context.Context) error) error {
	answer := make(chan error, 1)
	go func() { answer <- ask(ctx) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
