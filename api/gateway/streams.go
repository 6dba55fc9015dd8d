package gateway

import (
	"sync"

	"kassa/internal/ratelimit"
)

// streamsEach is how many streams one customer may hold when nothing else is
// configured: some open windows on some devices.
const streamsEach = 10

// holders bounds how many streams each customer, or each network address without
// one, holds at this gateway. Safe for concurrent use.
type holders struct {
	each int

	mu   sync.Mutex
	held map[ratelimit.Key]int // never 0
}

func newHolders(each int) *holders { return &holders{each: each, held: map[ratelimit.Key]int{}} }

// take reports whether who may hold one more. Who may must drop it.
func (h *holders) take(who ratelimit.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[who] >= h.each {
		limited.WithLabelValues("streams").Inc()
		return false
	}
	h.held[who]++
	return true
}

func (h *holders) drop(who ratelimit.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[who]--; h.held[who] == 0 {
		delete(h.held, who)
	}
}
