package discovery

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

const (
	lookEvery  = 3 * time.Second // while somebody asks
	lookWithin = 2 * time.Second
	firstWait  = time.Second // of a request that comes before anything is known
)

// Set is what its owner keeps of each process of a service: a T, made when the
// process is found and let go of when it is gone. Safe for concurrent use.
type Set[T any] struct {
	addresses []Address
	names     *net.Resolver
	begin     func(Instance) T
	end       func(T)

	all   atomic.Pointer[[]T]
	known [][]Instance // by address; whoever has set looking may touch it
	kept  map[Instance]T

	moves   bool // an address may come to mean other processes
	looking atomic.Bool
	next    atomic.Int64  // when to look again, Unix nanoseconds; 0 before the first time has ended
	looked  chan struct{} // closed then
}

// NewSet makes a Set. names is nil for the machine's own resolver; end may be
// nil. The error says which of the addresses cannot be one.
func NewSet[T any](addresses []string, names *net.Resolver, begin func(Instance) T, end func(T)) (*Set[T], error) {
	s := &Set[T]{names: names, begin: begin, end: end, kept: map[Instance]T{}, looked: make(chan struct{})}
	if names == nil {
		s.names = net.DefaultResolver
	}
	for _, text := range addresses {
		a, err := ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("address %q %w", text, err)
		}
		s.addresses = append(s.addresses, a)
		s.known = append(s.known, a.itself())
		s.moves = s.moves || !a.fixed()
	}
	s.settle()
	s.refresh()
	return s, nil
}

// All is every process as far as is known, in a stable order. Nobody may change it.
func (s *Set[T]) All() []T {
	s.refresh()
	if s.moves && s.next.Load() == 0 {
		select {
		case <-s.looked:
		case <-time.After(firstWait):
		}
	}
	return *s.all.Load()
}

// refresh begins to look when it is time and nobody does.
func (s *Set[T]) refresh() {
	if s.moves && time.Now().UnixNano() > s.next.Load() && s.looking.CompareAndSwap(false, true) {
		go s.look()
	}
}

// look asks for every name at the same time.
func (s *Set[T]) look() {
	defer s.looking.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	type answer struct {
		found []Instance
		err   error
	}
	answers := make([]chan answer, len(s.addresses))
	for i, a := range s.addresses {
		answers[i] = make(chan answer, 1)
		if a.fixed() {
			answers[i] <- answer{found: s.known[i]}
			continue
		}
		go func() {
			found, err := a.look(ctx, s.names)
			answers[i] <- answer{found, err}
		}()
	}
	for i := range answers {
		if got := <-answers[i]; got.err == nil {
			s.known[i] = got.found
		}
	}
	s.settle()
	if s.next.Swap(time.Now().Add(lookEvery).UnixNano()) == 0 {
		close(s.looked)
	}
}

// settle begins with who is new and ends with who is gone.
func (s *Set[T]) settle() {
	all := []T{}
	gone := s.kept
	s.kept = map[Instance]T{}
	for _, instances := range s.known {
		slices.SortFunc(instances, func(a, b Instance) int { return cmp.Compare(a.Dial, b.Dial) })
		for _, in := range instances {
			if _, twice := s.kept[in]; twice {
				continue
			}
			one, known := gone[in]
			if !known {
				one = s.begin(in)
			}
			delete(gone, in)
			s.kept[in] = one
			all = append(all, one)
		}
	}
	s.all.Store(&all)
	if s.end == nil {
		return
	}
	for _, one := range gone {
		s.end(one)
	}
}
