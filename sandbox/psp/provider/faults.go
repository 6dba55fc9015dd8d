package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// FaultSettings is the body of PUT /_sandbox/faults.
type FaultSettings struct {
	Seed        uint64      `json:"seed"`          // of the dice; 0 rolls others each time
	SearchLagMS int64       `json:"search_lag_ms"` // how long search does not see a new intent; Stripe says up to a minute
	Faults      []FaultRule `json:"faults"`
}

// FaultRule makes a share of all requests misbehave.
type FaultRule struct {
	Fault      string   `json:"fault"`                // kind[:milliseconds or decline code]
	Rate       float64  `json:"rate"`                 // share of requests, above 0 up to 1
	Operations []string `json:"operations,omitempty"` // empty: those that take money, or all for a webhook fault
	Times      int      `json:"times,omitempty"`      // stop after so many, 0 for never
	Fired      int      `json:"fired"`                // how often it did; only in answers

	parsed fault
}

// faults decides which requests misbehave.
type faults struct {
	mu       sync.Mutex
	settings FaultSettings
	dice     *rand.Rand
	met      map[string]int // how often a request met a fault of its metadata
}

// metMost bounds the memory for metadata faults; beyond it they may fire once more.
const metMost = 100_000

func newFaults() *faults {
	f := &faults{met: map[string]int{}}
	_ = f.set(FaultSettings{})
	return f
}

// decodeFaults reads and checks settings.
func decodeFaults(body []byte) (FaultSettings, error) {
	var s FaultSettings
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf("read faults: %w", err)
	}
	return s, (&faults{met: map[string]int{}}).set(s)
}

// set replaces all settings.
func (f *faults) set(s FaultSettings) error {
	s.Faults = slices.Clone(s.Faults)
	if s.SearchLagMS < 0 {
		return errors.New("search_lag_ms is at least 0")
	}
	for i := range s.Faults {
		rule := &s.Faults[i]
		parsed, err := parseFault(rule.Fault)
		if err != nil {
			return err
		}
		if rule.Rate <= 0 || rule.Rate > 1 {
			return fmt.Errorf("the rate of %s is a share above 0 and up to 1, not %g", rule.Fault, rule.Rate)
		}
		for _, operation := range rule.Operations {
			if !slices.Contains(operations, operation) {
				return fmt.Errorf("unknown operation %q", operation)
			}
		}
		rule.parsed, rule.Fired = parsed, 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settings = s
	if s.Seed == 0 {
		s.Seed = rand.Uint64()
	}
	f.dice = rand.New(rand.NewPCG(s.Seed, s.Seed)) //nolint:gosec // faults need no secrets
	return nil
}

func (f *faults) current() FaultSettings {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.settings
	s.Faults = append([]FaultRule{}, s.Faults...)
	return s
}

func (f *faults) searchLag() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.settings.SearchLagMS) * time.Millisecond
}

// plan is how one request misbehaves, by the name of the fault.
type plan map[string]fault

// plan decides for one request: what its metadata asks for, and what the dice say. who names the
// request, so that a repetition of it meets its metadata's faults only as often as they say.
func (f *faults) plan(operation, who string, asked []fault) plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := plan{}
	for i, one := range asked {
		if !one.meets(operation) {
			continue
		}
		mark := fmt.Sprintf("%s %s %d %s", operation, who, i, one.Name)
		if one.times >= 0 && f.met[mark] >= one.times {
			continue
		}
		if len(f.met) >= metMost {
			clear(f.met)
		}
		f.met[mark]++
		p[one.Name] = one
	}
	for i := range f.settings.Faults {
		rule := &f.settings.Faults[i]
		if !rule.meets(operation) || rule.Times > 0 && rule.Fired >= rule.Times || f.dice.Float64() >= rule.Rate {
			continue
		}
		rule.Fired++
		p[rule.parsed.Name] = rule.parsed
	}
	return p
}

func (r *FaultRule) meets(operation string) bool {
	if len(r.Operations) > 0 {
		return slices.Contains(r.Operations, operation)
	}
	return r.parsed.meets(operation)
}

// delivery says when the events of a request are due and how often each is sent. A zero time
// means never.
func (p plan) delivery(now time.Time) (due time.Time, copies int32) {
	due, copies = now, 1
	if _, ok := p["webhook_duplicate"]; ok {
		copies = 2
	}
	if f, ok := p["webhook_delay"]; ok {
		due = due.Add(f.after)
	}
	if f, ok := p["webhook_reorder"]; ok {
		due = due.Add(time.Duration(rand.Int64N(int64(f.after) + 1))) //nolint:gosec // faults need no secrets
	}
	if _, ok := p["webhook_lose"]; ok {
		due = time.Time{}
	}
	return due, copies
}

func (p plan) has(name string) bool {
	_, ok := p[name]
	return ok
}
