package durable

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
)

// WorkerOptions size a worker. Zero values mean the defaults named below.
type WorkerOptions struct {
	// Activities is how many activities run at once; at most the database
	// pool's size − 2, so that a slow database queues in Temporal. 0 means 14.
	Activities int
	// LocalActivities is how many local activities run at once. 0 means 256.
	LocalActivities int
	// Workflows is how many workflow tasks run at once. 0 means 256.
	Workflows int
	// Pollers is the most pollers per task type; they scale down to 2. 0 means 16.
	Pollers int
	// NoWorkflows is set by a worker that hosts activities only.
	NoWorkflows bool
	// StopWithin is how long Stop waits for running activities; longer than
	// the longest StartToClose. 0 means 30 s.
	StopWithin time.Duration
	// Interceptors run inside the fault interceptor.
	Interceptors []interceptor.WorkerInterceptor
	// Log receives the failures of activities. Nil means none.
	Log *zap.Logger
}

// stickyWorkflows is how many workflows a process keeps in memory between
// their tasks.
const stickyWorkflows = 4096

func init() { worker.SetStickyWorkflowCacheSize(stickyWorkflows) }

// NewWorker makes a worker for queue. Workflows started through the same
// client with EnableEagerStart get their first task without a poll.
func NewWorker(c client.Client, queue string, o WorkerOptions) worker.Worker {
	pollers := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: 4,
		MinimumNumberOfPollers: 2,
		MaximumNumberOfPollers: or(o.Pollers, 16),
	})
	return worker.New(c, queue, worker.Options{
		MaxConcurrentActivityExecutionSize:      or(o.Activities, 14),
		MaxConcurrentLocalActivityExecutionSize: or(o.LocalActivities, 256),
		MaxConcurrentWorkflowTaskExecutionSize:  or(o.Workflows, 256),
		WorkflowTaskPollerBehavior:              pollers,
		ActivityTaskPollerBehavior:              pollers,
		DisableWorkflowWorker:                   o.NoWorkflows,
		WorkerStopTimeout:                       or(o.StopWithin, 30*time.Second),
		Interceptors:                            append([]interceptor.WorkerInterceptor{Faults(o.Log)}, o.Interceptors...),
	})
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Run runs the worker that build makes until ctx ends, then stops it. A worker
// that cannot start, because Temporal or its namespace is not there yet, is
// built anew every second: a started worker cannot be started again.
func Run(ctx context.Context, c client.Client, log *zap.Logger, build func() worker.Worker) error {
	for {
		if err := runOnce(ctx, c, build); err != nil && ctx.Err() == nil {
			log.Warn("temporal worker is not running; trying again in a second", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func runOnce(ctx context.Context, c client.Client, build func() worker.Worker) error {
	asking, cancel := context.WithTimeout(ctx, 2*time.Second)
	err := Ready(asking, c)
	cancel()
	if err != nil {
		return err
	}
	interrupt := make(chan any)
	stop := context.AfterFunc(ctx, func() { close(interrupt) })
	defer stop()
	if err := build().Run(interrupt); err != nil {
		return fmt.Errorf("temporal worker: %w", err)
	}
	return nil
}
