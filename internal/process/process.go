package process

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// stopWithin bounds the whole stop. Kubernetes kills 30 s after SIGTERM.
const stopWithin = 20 * time.Second

// Process is what a worker's run function registers its parts with.
type Process struct {
	Name string
	Log  *zap.Logger

	components []component
	checks     []check
	ready      atomic.Bool
	delay      func() time.Duration                         // nil without one
	queue      func(ctx context.Context) (TaskQueue, error) // nil without one
	drain      time.Duration                                // between readiness going off and the first component stopping
}

// component is a part that runs until it is told to stop, or a step of the stop.
type component struct {
	name string
	run  func(ctx context.Context) error // nil for a step of the stop only
	stop func(ctx context.Context) error // called before run's context ends; nil when ending it is enough
}

// Add registers a component: it runs until ctx ends and then returns soon. When
// it returns earlier, with or without an error, the process stops.
func (p *Process) Add(name string, run func(ctx context.Context) error) {
	p.components = append(p.components, component{name: name, run: run})
}

// OnStop registers a step of the stop. It happens after everything registered
// later has stopped: open a pool, register its Close, then add what uses it.
func (p *Process) OnStop(name string, stop func(ctx context.Context) error) {
	p.components = append(p.components, component{name: name, stop: stop})
}

// running is a component at work.
type running struct {
	component
	cancel context.CancelFunc
	done   chan struct{}
	err    error // set before done closes
}

// work starts every component, waits until ctx ends or one stops, and stops
// them all. The error is of those that stopped before they were told to, whenever
// that was, and of what went wrong in the stop.
func (p *Process) work(ctx context.Context) error {
	first := make(chan struct{}, len(p.components))
	all := make([]*running, 0, len(p.components))
	for _, c := range p.components {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		s := &running{component: c, cancel: cancel, done: make(chan struct{})}
		all = append(all, s)
		if c.run == nil {
			close(s.done)
			continue
		}
		go func() {
			s.err = s.run(own)
			close(s.done)
			first <- struct{}{}
		}()
	}
	p.ready.Store(true)
	p.Log.Info("started")

	select {
	case <-ctx.Done():
		p.ready.Store(false)
		p.Log.Info("stopping")
		noticed := time.NewTimer(p.drain)
		defer noticed.Stop()
		select {
		case <-noticed.C:
		case <-first:
		}
	case <-first:
	}
	p.ready.Store(false)
	return stop(all)
}

// ended is why a component is not at work any more that nobody has told to stop;
// nil when it is, or is a step of the stop.
func (s *running) ended() error {
	select {
	case <-s.done:
	default:
		return nil
	}
	switch {
	case s.run == nil:
		return nil
	case s.err == nil:
		return fmt.Errorf("%s stopped unexpectedly", s.name)
	default:
		return fmt.Errorf("%s stopped: %w", s.name, s.err)
	}
}

// stop ends what is at work, last registered first. One that has ended by itself
// is said, too.
func stop(all []*running) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var problems []error
	for i := len(all) - 1; i >= 0; i-- {
		s := all[i]
		said := s.ended()
		if s.stop != nil {
			if err := s.stop(ctx); err != nil {
				problems = append(problems, fmt.Errorf("stop %s: %w", s.name, err))
			}
		}
		s.cancel()
		select {
		case <-s.done:
			if said == nil && s.err != nil && !errors.Is(s.err, context.Canceled) { // it failed before it was told
				said = s.ended()
			}
		case <-ctx.Done():
			problems = append(problems, fmt.Errorf("%s did not stop within %s", s.name, stopWithin))
		}
		if said != nil {
			problems = append(problems, said)
		}
	}
	return errors.Join(problems...)
}
