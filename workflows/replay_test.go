package workflows

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"google.golang.org/protobuf/encoding/protojson"

	"kassa/activities/analytics"
	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/notification"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/activities/user"
	"kassa/internal/durable"
)

var record = flag.String("record", "", "host:port of a Temporal on which to record every scenario's history")

const histories = "testdata/histories"

// TestReplay runs the recorded history of every scenario through today's code.
// A saga that would decide otherwise than it did then fails here, before it
// fails a customer's running checkout.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(histories + "/*/*.json.gz")
	require.NoError(t, err)
	require.Len(t, files, len(scenarios), "one history for every scenario; run: make record")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json.gz"), func(t *testing.T) {
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
				Interceptors: []interceptor.WorkerInterceptor{durable.Faults(zap.NewNop())},
			})
			require.NoError(t, err)
			for _, saga := range All() {
				replayer.RegisterWorkflow(saga)
			}
			require.NoError(t, replayer.ReplayWorkflowHistory(quiet{}, read(t, file)))
		})
	}
}

// TestRecord plays every scenario on a real Temporal, all at once, and keeps
// their histories. Some take their business's time: the longest a bit under
// half an hour. See record.sh.
func TestRecord(t *testing.T) {
	if *record == "" {
		t.Skip("records only when asked to: make record")
	}
	temporal, err := durable.Dial(durable.Options{Address: *record, Namespace: "kassa", Log: zap.NewNop()})
	require.NoError(t, err)
	defer temporal.Close()
	forgetAgain = 15 * time.Second
	var worlds sync.Map // workflow id → *world
	for _, queue := range []string{order.Queue, inventory.Queue, payment.Queue, cart.Queue, analytics.Queue, notification.Queue, user.Queue} {
		w := durable.NewWorker(temporal, queue, durable.WorkerOptions{Log: zap.NewNop()})
		settle(w, func(ctx context.Context) *world {
			found, _ := worlds.Load(activity.GetInfo(ctx).WorkflowExecution.ID)
			return found.(*world)
		})
		for _, saga := range All() {
			w.RegisterWorkflow(saga)
		}
		w.RegisterWorkflow(goesOn)
		require.NoError(t, w.Start())
		defer w.Stop()
	}
	for _, orderID := range []uuid.UUID{busy, deserted} {
		begin := client.StartWorkflowOptions{ID: CheckoutID(orderID), TaskQueue: order.Queue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING}
		_, err = temporal.ExecuteWorkflow(t.Context(), begin, goesOn)
		require.NoError(t, err)
	}
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), CheckoutID(deserted), "", "it is gone"))
	begun := time.Now().Format("20060102-150405")
	t.Run("scenarios", func(t *testing.T) {
		for _, sc := range scenarios {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				id := begun + "/" + slug(sc.name)
				w := newWorld(t, sc)
				ctx := t.Context()
				w.cancel = func() {
					require.NoError(t, temporal.CancelWorkflow(ctx, id, ""))
					awaitCancelRequest(ctx, temporal, id)
				}
				w.news = func(signal string) { require.NoError(t, temporal.SignalWorkflow(ctx, id, "", signal, nil)) }
				w.signal = func() { w.news(PaymentChanged) }
				w.tell = func(update string) {
					_, err := temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
						WorkflowID: id, UpdateName: update, Args: []any{order.Intervention{ID: intervention, OrderID: w.purchase.OrderID, Kind: update}},
						WaitForStage: client.WorkflowUpdateStageAccepted,
					})
					t.Log(update, err)
				}
				worlds.Store(id, w)
				worlds.Store(CheckoutID(purchase.OrderID), newWorld(t, scenario{})) // the child of Reconcile
				worlds.Store(RefundID(parcel.ShipmentID), newWorld(t, scenario{}))  // the child of Fulfil
				run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: order.Queue, WorkflowTaskTimeout: 5 * time.Second}, sc.saga, sc.input()...)
				require.NoError(t, err)
				for _, m := range sc.moments() {
					time.AfterFunc(m.after, func() { m.then(w) })
				}
				t.Log(w.end(run.Get(ctx, nil)))
				write(t, sc, fetch(ctx, t, temporal, id))
			})
		}
	})
}

// goesOn stands for a checkout that does not stop when it is asked to.
func goesOn(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return workflow.Sleep(ctx, time.Hour)
}

// awaitCancelRequest waits until the request stands in the history, so that
// the step under way ends after it.
func awaitCancelRequest(ctx context.Context, c client.Client, id string) {
	events := c.GetWorkflowHistory(ctx, id, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil || event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED {
			return
		}
	}
}

func fetch(ctx context.Context, t *testing.T, c client.Client, id string) *history.History {
	var all history.History
	events := c.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		all.Events = append(all.Events, event)
	}
	return &all
}

func write(t *testing.T, sc scenario, h *history.History) {
	document, err := protojson.Marshal(h)
	require.NoError(t, err)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(document)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	saga := runtime.FuncForPC(reflect.ValueOf(sc.saga).Pointer()).Name()
	folder := filepath.Join(histories, strings.ToLower(saga[strings.LastIndex(saga, ".")+1:]))
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, slug(sc.name)+".json.gz"), packed.Bytes(), 0o644))
}

func read(t *testing.T, file string) *history.History {
	packed, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = packed.Close() }()
	z, err := gzip.NewReader(packed)
	require.NoError(t, err)
	var document bytes.Buffer
	_, err = document.ReadFrom(z)
	require.NoError(t, err)
	var h history.History
	require.NoError(t, protojson.Unmarshal(document.Bytes(), &h), "history %s", file)
	return &h
}

var notLetters = regexp.MustCompile(`[^a-z0-9]+`)

func slug(name string) string {
	return strings.Trim(notLetters.ReplaceAllString(strings.ToLower(name), "-"), "-")
}
