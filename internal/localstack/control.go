package localstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// grace is how long the components of a stage may take to stop before they are killed.
var grace = [stages]time.Duration{
	stageStore:    20 * time.Second, // Postgres writes a checkpoint
	stageTemporal: 5 * time.Second,  // it takes two; its state is in Postgres
	stageSandbox:  5 * time.Second,
	stageWorker:   20 * time.Second, // longer than the longest activity
	stageGateway:  15 * time.Second, // longer than the longest request
}

// Names lists everything that runs, in the order of starting.
func (s *Stack) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, group := range s.components {
		for _, c := range group {
			names = append(names, c.Name())
		}
	}
	return names
}

// Pids returns the process of every component that has one of its own, as it is now: a restart
// changes it.
func (s *Stack) Pids() map[string]int {
	pids := map[string]int{}
	for _, name := range s.Names() {
		if r, found := readRecord(recordFile(s.options.StateDir, name)); found && r.alive() {
			pids[name] = r.Pid
		}
	}
	if s.postgres != nil {
		pids[namePostgres] = s.postgres.Pid()
	}
	return pids
}

// Kill ends a component with SIGKILL, as a crash would, and returns when it is dead. The supervisor
// brings it back.
func (s *Stack) Kill(name string) error {
	c, err := s.component(name)
	if err != nil {
		return err
	}
	return c.Kill()
}

// WaitReady returns when a component can serve.
func (s *Stack) WaitReady(ctx context.Context, name string) error {
	c, err := s.component(name)
	if err != nil {
		return err
	}
	if err := poll(ctx, c.Ready, nil); err != nil {
		return fmt.Errorf("wait for %s: %w", name, err)
	}
	return nil
}

func (s *Stack) component(name string) (component, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, group := range s.components {
		for _, c := range group {
			if c.Name() == name {
				return c, nil
			}
		}
	}
	return nil, fmt.Errorf("nothing called %q runs", name)
}

// Stop ends everything in reverse order of starting. Whatever does not end in its time, or before
// ctx is over, is killed.
func (s *Stack) Stop(ctx context.Context) error {
	var failed []error
	for at := len(s.components) - 1; at >= 0; at-- {
		failed = append(failed, s.stopStage(ctx, s.components[at], grace[at])...)
	}
	s.giveBack()
	return errors.Join(failed...)
}

func (s *Stack) stopStage(ctx context.Context, group []component, patience time.Duration) []error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	failed := make([]error, len(group))
	var wait sync.WaitGroup
	for i, c := range group {
		wait.Go(func() {
			if err := c.Stop(ctx); err != nil {
				failed[i] = fmt.Errorf("stop %s: %w", c.Name(), err)
			}
		})
	}
	wait.Wait()
	return failed
}

// giveBack lets the next launcher have the state directory.
func (s *Stack) giveBack() {
	if s.frontend != nil {
		s.frontend.close()
	}
	if s.lock == nil {
		return
	}
	_ = os.Remove(addressesFile(s.options.StateDir))
	_ = os.Remove(recordFile(s.options.StateDir, launcherRecord))
	_ = s.lock.Close()
	s.lock = nil
}
