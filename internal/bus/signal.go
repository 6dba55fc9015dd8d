package bus

import (
	"errors"
	"sync"
)

// signal passes the newest error on without ever blocking its sender.
type signal struct {
	c  chan struct{}
	mu sync.Mutex
	//nolint:errname // the newest one, not a declared error
	err error
}

var errEnded = errors.New("no reason given")

func newSignal() *signal { return &signal{c: make(chan struct{}, 1), err: errEnded} }

func (s *signal) send(err error) {
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	select {
	case s.c <- struct{}{}:
	default:
	}
}

func (s *signal) last() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
