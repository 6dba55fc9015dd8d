package order

import (
	"sync"

	"github.com/google/uuid"
)

// News tells, within this process, that an order has moved. It spares the
// caller who waits for a checkout a question to Temporal; an order that moved
// in another process is not in it, so a waiter must also look by itself.
type News struct {
	mu      sync.Mutex
	waiting map[uuid.UUID][]chan State
}

// NewNews makes an empty one.
func NewNews() *News { return &News{waiting: map[uuid.UUID][]chan State{}} }

// Follow answers a channel on which the next moves of the order arrive; a
// reader who is slow misses all but the first. Call stop when done.
func (n *News) Follow(orderID uuid.UUID) (moves <-chan State, stop func()) {
	c := make(chan State, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting[orderID] = append(n.waiting[orderID], c)
	return c, func() { n.forget(orderID, c) }
}

func (n *News) forget(orderID uuid.UUID, c chan State) {
	n.mu.Lock()
	defer n.mu.Unlock()
	left := n.waiting[orderID][:0]
	for _, other := range n.waiting[orderID] {
		if other != c {
			left = append(left, other)
		}
	}
	if n.waiting[orderID] = left; len(left) == 0 {
		delete(n.waiting, orderID)
	}
}

func (n *News) tell(s State) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.waiting[s.OrderID] {
		select {
		case c <- s:
		default:
		}
	}
}
