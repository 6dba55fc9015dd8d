package localstack

import (
	"context"
	"fmt"
	"time"
)

// component is something the stack keeps alive: a process, Postgres, or NATS in this process.
type component interface {
	Name() string
	// Ready returns nil when the component can serve now.
	Ready(ctx context.Context) error
	// Kill ends it as a crash would and returns when it is dead; it comes back by itself.
	Kill() error
	// Stop ends it for good, by force when ctx is over first.
	Stop(ctx context.Context) error
}

// readyTimeout is how long a component may take until it can serve.
const readyTimeout = 90 * time.Second

// poll asks ready until it succeeds. ended, when not nil, stops the waiting.
func poll(ctx context.Context, ready func(context.Context) error, ended <-chan struct{}) error {
	pause := 10 * time.Millisecond
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}
