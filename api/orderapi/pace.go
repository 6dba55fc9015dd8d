package orderapi

import (
	"sync"
	"time"
)

const (
	paceOver  = 8           // workflows that the mean is about
	paceAfter = time.Second // without any, nothing is known
)

// pace is how long the engine takes of late to take a workflow in. Everything that
// a checkout waits for on a busy machine has a part in it, and nothing else: neither
// the customer's bank nor how many checkouts wait for theirs.
type pace struct {
	mu      sync.Mutex
	waiting map[uint64]time.Time // since when, those that are not taken in yet
	turn    uint64
	mean    time.Duration
	last    time.Time // when the mean was told of one
}

// begin notes that a workflow is on its way; end, that it was taken in or not. How
// long it takes to fail says nothing of a queue.
func (p *pace) begin() (end func(err error)) {
	begin := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	turn := p.turn
	if p.waiting == nil {
		p.waiting = map[uint64]time.Time{}
	}
	p.waiting[turn] = begin
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, turn)
		if err != nil {
			return
		}
		p.last = time.Now()
		p.mean += (p.last.Sub(begin) - p.mean) / paceOver
	}
}

// delay is the mean of late, or how long the one that waits longest has waited.
func (p *pace) delay() (d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.last) < paceAfter {
		d = p.mean
	}
	for _, since := range p.waiting {
		d = max(d, now.Sub(since))
	}
	return d
}
