package durable_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"kassa/internal/correlation"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/operations"
)

// server is a client of the Temporal that KASSA_TEST_TEMPORAL names (host:port
// with the namespace kassa), such as one of kassa up --only temporal.
func server(t *testing.T) client.Client {
	t.Helper()
	address := os.Getenv("KASSA_TEST_TEMPORAL")
	if address == "" {
		t.Skip("KASSA_TEST_TEMPORAL names no server")
	}
	c, err := durable.Dial(durable.Options{Address: address, Namespace: "kassa"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// host runs a worker with the operations of svc, called directly, and as
// activities of the same queue.
func host(t *testing.T, c client.Client, svc *inventory) (queue string) {
	t.Helper()
	const token = "a token of these tests"
	direct := httptest.NewServer(operations.Handler(token, svc))
	t.Cleanup(direct.Close)
	caller := operations.NewCaller(operations.CallerOptions{Token: token, URLs: map[string][]string{"inventory": {direct.URL}}})
	queue = "test-" + uuid.NewString()
	started := make(chan struct{})
	start(t, func(ctx context.Context) error {
		return durable.Run(ctx, c, zap.NewNop(), func() worker.Worker {
			w := durable.NewWorker(c, queue, durable.WorkerOptions{StopWithin: time.Second})
			durable.RegisterDirect(w, caller, "inventory", stock)
			w.RegisterWorkflow(reserveHere)
			w.RegisterWorkflow(reserveThere)
			close(started)
			return w
		})
	})
	<-started
	return queue
}

func start(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
}

func history(t *testing.T, c client.Client, run client.WorkflowRun) []*historypb.HistoryEvent {
	t.Helper()
	events := []*historypb.HistoryEvent{}
	pages := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

func TestASagaOnARealServer(t *testing.T) {
	c := server(t)
	var answer atomic.Pointer[fault.Error]
	var correlated atomic.Value
	queue := host(t, c, &inventory{answer: func(ctx context.Context) error {
		correlated.Store(correlation.ID(ctx))
		if f := answer.Load(); f != nil {
			return f
		}
		return nil
	}})
	in := reserveInput{OrderID: uuid.New()}
	ctx := correlation.With(t.Context(), "abc:1")
	execute := func(w any) (client.WorkflowRun, error) {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: uuid.NewString(), TaskQueue: queue, EnableEagerStart: true, WorkflowTaskTimeout: 5 * time.Second,
		}, w, in)
		require.NoError(t, err)
		var out reservation
		err = run.Get(ctx, &out)
		if err == nil {
			require.Equal(t, reservation{OrderID: in.OrderID, Status: "held"}, out)
		}
		return run, durable.Fault(err)
	}
	_, err := execute(reserveHere) // the worker may still be starting
	require.NoError(t, err)

	run, err := execute(reserveHere)
	require.NoError(t, err)
	require.Equal(t, "abc:1", correlated.Load(), "the correlation id goes through the workflow and over HTTP")
	events := history(t, c, run)
	require.True(t, events[0].GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted(), "the first task comes with the start")
	types := []enumspb.EventType{}
	for _, event := range events {
		types = append(types, event.GetEventType())
	}
	require.Equal(t, []enumspb.EventType{
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		enumspb.EVENT_TYPE_MARKER_RECORDED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
	}, types, "one start and one workflow task")

	run, err = execute(reserveThere)
	require.NoError(t, err)
	require.Equal(t, "abc:1", correlated.Load())
	replay(t, history(t, c, run))

	answer.Store(errOutOfStock.With("lines", []string{"v1"}).Because(errors.New("secret cause")))
	for _, w := range []any{reserveHere, reserveThere} {
		run, err = execute(w)
		require.Equal(t, &fault.Error{
			Code: fault.Declined, Reason: "out_of_stock", Message: errOutOfStock.Message, Details: map[string]any{"lines": []any{"v1"}},
		}, err)
		replay(t, history(t, c, run))
	}
}

// replay runs a recorded workflow again, without interceptors and activities,
// as the replay test of the workflows does.
func replay(t *testing.T, events []*historypb.HistoryEvent) {
	t.Helper()
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(reserveHere, workflow.RegisterOptions{Name: "reserveHere"})
	replayer.RegisterWorkflowWithOptions(reserveThere, workflow.RegisterOptions{Name: "reserveThere"})
	require.NoError(t, replayer.ReplayWorkflowHistory(nil, &historypb.History{Events: events}))
}
