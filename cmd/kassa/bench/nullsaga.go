package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"kassa/internal/durable"
)

// nullQueue is the task queue of the null saga, hosted by the bench itself.
const nullQueue = "null-saga"

// NullSaga has the shape of a checkout on its happy path and does nothing: one
// workflow task with three local activities. What it costs is the engine's.
func NullSaga(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 3 * time.Second})
	for range 3 {
		if err := workflow.ExecuteLocalActivity(ctx, Nothing).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Nothing is the step of a null saga.
func Nothing(context.Context) error { return nil }

// nullSagas runs null saga after null saga.
type nullSagas struct {
	temporal client.Client
	worker   worker.Worker
	count    atomic.Int64
}

func newNullSagas(temporal client.Client) (*nullSagas, error) {
	w := durable.NewWorker(temporal, nullQueue, durable.WorkerOptions{Log: zap.NewNop()})
	w.RegisterWorkflow(NullSaga)
	w.RegisterActivity(Nothing)
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("worker of the null saga: %w", err)
	}
	return &nullSagas{temporal: temporal, worker: w}, nil
}

// do starts one null saga, eagerly as a checkout, and waits for its end.
func (n *nullSagas) do(ctx context.Context, _ int) error {
	started, err := n.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: fmt.Sprintf("null-saga/%d", n.count.Add(1)), TaskQueue: nullQueue, EnableEagerStart: true,
	}, NullSaga)
	if err != nil {
		return err
	}
	return started.Get(ctx, nil)
}
