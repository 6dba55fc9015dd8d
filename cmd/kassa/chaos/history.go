package chaos

import (
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Outcome is what a customer knows after an operation.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // it happened
	Fail    Outcome = "fail"    // it certainly did not
	Unknown Outcome = "unknown" // it may have
)

// Operation is one request of a customer, as it went.
type Operation struct {
	Kind    string        `json:"operation"` // checkout or cancel
	Key     string        `json:"key"`       // Idempotency-Key of the checkout
	Order   uuid.UUID     `json:"order_id"`  // zero when no answer has named it
	Amount  int64         `json:"amount"`    // minor units, of the order that was answered
	Invoked time.Duration `json:"invoked"`   // since the run began
	Ended   time.Duration `json:"ended"`
	Status  int           `json:"status"` // HTTP; 0 for a broken connection
	Code    string        `json:"code,omitempty"`
	Outcome Outcome       `json:"outcome"`
}

// history is everything that customers did and heard.
type history struct {
	begin time.Time
	mu    sync.Mutex
	all   []Operation
}

func (h *history) add(o Operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, o)
}

// now is the time since the run began.
func (h *history) now() time.Duration { return time.Since(h.begin) }

// count is how many operations ended so.
func (h *history) count(outcome Outcome) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.all {
		if o.Outcome == outcome {
			n++
		}
	}
	return n
}

// errors is how many of the checkouts' requests that ended in some time were
// answered by nobody, or by a 5xx.
func (h *history) errors(from, to time.Duration) (failed, all int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.all {
		if o.Kind != "checkout" || o.Ended < from || o.Ended >= to {
			continue
		}
		if all++; o.Status == 0 || o.Status >= 500 {
			failed++
		}
	}
	return failed, all
}

// trouble is when the last operation ended without an answer.
func (h *history) trouble() (last time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.all {
		if o.Outcome == Unknown {
			last = max(last, o.Ended)
		}
	}
	return last
}

// write writes one line for each operation.
func (h *history) write(w io.Writer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := json.NewEncoder(w)
	for _, o := range h.all {
		if err := lines.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// Latency is how long customers waited for a definite answer, repeats included.
type Latency struct {
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	N   int           `json:"n"` // checkouts
}

func latencyOf(waits []time.Duration) Latency {
	if len(waits) == 0 {
		return Latency{}
	}
	slices.Sort(waits)
	return Latency{P50: waits[len(waits)/2], P99: waits[min(len(waits)-1, len(waits)*99/100)], N: len(waits)}
}
