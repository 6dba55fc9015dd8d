package workflows

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/durable"
)

var update = flag.Bool("update", false, "write the golden files")

// A scenario is one way a saga can go.
type scenario struct {
	name    string
	saga    any
	order   uuid.UUID // of whom; purchase's when it is zero
	answers map[string]answer
	paid    []payment.PaymentStatus
	state   order.Status
	after   time.Duration // until then happens; 0 when nothing does
	then    func(w *world)
	later   []moment                 // what else happens
	with    func(w *world)           // what else is special about the world; may be nil
	change  func(in *order.Purchase) // what is special about the purchase; may be nil
	in      any                      // input of a saga that takes something else; nil otherwise
}

// A moment is something that happens while a saga runs.
type moment struct {
	after time.Duration
	then  func(w *world)
}

// moments is all that happens.
func (sc scenario) moments() []moment {
	if sc.then == nil {
		return sc.later
	}
	return append([]moment{{sc.after, sc.then}}, sc.later...)
}

// file is where the scenario's trace is kept.
func (sc scenario) file() string {
	switch name := strings.ToLower(strings.SplitN(sc.name, ":", 2)[0]); name {
	case "refund", "fulfil", "return", "erase", "remind":
		return name + ".traces"
	default:
		return "checkout.traces"
	}
}

// input is what the saga of the scenario is started with.
func (sc scenario) input() []any {
	switch name := strings.SplitN(sc.name, ":", 2)[0]; {
	case sc.in != nil:
		return []any{sc.in}
	case name == "Reconcile", name == "Remind":
		return nil
	}
	return []any{sc.purchase()}
}

func (sc scenario) purchase() order.Purchase {
	in := purchase
	if sc.change != nil {
		sc.change(&in)
	}
	if sc.order != uuid.Nil {
		in.OrderID = sc.order
	}
	return in
}

func answering(pairs ...any) map[string]answer {
	answers := map[string]answer{}
	for i := 0; i < len(pairs); i += 2 {
		answers[pairs[i].(string)] = pairs[i+1].(answer)
	}
	return answers
}

var (
	outOfStock    = no(inventory.ErrOutOfStock)
	cardDeclined  = no(payment.ErrCardDeclined.With("decline_code", "generic_decline"))
	closed        = no(order.ErrOrderClosed)
	needsCustomer = payment.StatusRequiresAction
)

func signalled(w *world)     { w.signal() }
func cancelledThen(w *world) { w.cancel() }

func confirmedMeanwhile(w *world, _ int) error {
	w.state = order.Confirmed
	return order.ErrIllegalStep
}

func refusedFor(attempts int) answer {
	return func(_ *world, attempt int) error {
		if attempt <= attempts {
			return order.ErrIllegalStep
		}
		return nil
	}
}

const preface = "What the sagas call, in order. \"directly\" is a local activity that calls the owning\n" +
	"service; \"by activity\" is Temporal's task queue. Written by: make golden.\n"

// TestTraces writes down, for every way a saga can go, exactly what ran, what
// was undone and how it ended, and compares it with testdata/*.traces.
func TestTraces(t *testing.T) {
	files := map[string]*strings.Builder{}
	for _, sc := range scenarios {
		all := files[sc.file()]
		if all == nil {
			all = &strings.Builder{}
			all.WriteString(preface)
			files[sc.file()] = all
		}
		t.Run(sc.name, func(t *testing.T) {
			w, env, updates := newWorld(t, sc), newEnvironment(), 0
			w.cancel = env.CancelWorkflow
			w.signal = func() { env.SignalWorkflow(PaymentChanged, nil) }
			w.news = func(signal string) { env.SignalWorkflow(signal, nil) }
			w.tell = func(update string) {
				updates++
				env.UpdateWorkflow(update, fmt.Sprint(updates), &testsuite.TestUpdateCallback{
					OnAccept: func() {}, OnReject: func(err error) { w.aside("%s is refused: %v", update, err) },
					OnComplete: func(_ any, err error) {
						if err != nil {
							w.aside("%s is refused: %v", update, err)
						}
					},
				}, order.Intervention{ID: intervention, OrderID: w.purchase.OrderID, Kind: update})
			}
			child := newWorld(t, scenario{}) // of the checkout that Reconcile starts
			settle(env, func(ctx context.Context) *world {
				if activity.GetInfo(ctx).WorkflowExecution.ID == CheckoutID(purchase.OrderID) {
					return child
				}
				return w
			})
			for _, m := range sc.moments() {
				env.RegisterDelayedCallback(func() { m.then(w) }, m.after)
			}
			started := env.Now()
			env.ExecuteWorkflow(sc.saga, sc.input()...)
			require.True(t, env.IsWorkflowCompleted())
			var done Repairs
			if strings.HasPrefix(sc.name, "Reconcile") && env.GetWorkflowResult(&done) == nil {
				w.note("started %d, resolved %d, voided %d, released %d", done.Started, done.Resolved, done.Voided, done.Released)
			}
			fmt.Fprintf(all, "\n%s\n", sc.name)
			for _, line := range w.trace {
				fmt.Fprintf(all, "    %s\n", line)
			}
			for _, line := range w.beside {
				fmt.Fprintf(all, "    beside: %s\n", line)
			}
			fmt.Fprintf(all, "    %s, after %s\n", w.end(env.GetWorkflowError()), env.Now().Sub(started).Round(time.Second))
		})
	}
	if t.Failed() {
		return
	}
	for name, all := range files {
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(all.String()), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), all.String())
	}
}

// newEnvironment is Temporal with a clock that jumps, and the order worker's interceptor.
func newEnvironment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{durable.Faults(zap.NewNop())}})
	env.SetTestTimeout(time.Minute)
	env.RegisterWorkflow(Checkout)
	env.RegisterWorkflow(Cancel)
	env.RegisterWorkflow(Refund)
	for id, heard := range map[uuid.UUID]error{busy: nil, deserted: &temporal.UnknownExternalWorkflowExecutionError{}} {
		env.OnRequestCancelExternalWorkflow(mock.Anything, CheckoutID(id), "").Return(nil).Maybe()
		env.OnSignalExternalWorkflow(mock.Anything, CheckoutID(id), "", PaymentChanged, nil).Return(heard).Maybe()
	}
	return env
}
