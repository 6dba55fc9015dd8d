package workflows

import (
	"context"
	"flag"
	"fmt"
	"os"
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
}

// run starts the saga of the scenario on its input.
func (sc scenario) input() []any {
	if name := strings.SplitN(sc.name, ":", 2)[0]; name == "Reconcile" {
		return nil
	}
	return []any{sc.purchase()}
}

func (sc scenario) purchase() order.Purchase {
	in := purchase
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

var scenarios = []scenario{
	{name: "Checkout: everyone says yes", saga: Checkout},

	{name: "Checkout: ReserveStock says no", saga: Checkout, answers: answering("ReserveStock", outOfStock)},
	{name: "Checkout: ReserveStock is silent for a while", saga: Checkout, answers: answering("ReserveStock", silentFor(3))},
	{name: "Checkout: ReserveStock never answers", saga: Checkout, answers: answering("ReserveStock", silent)},
	{name: "Checkout: cancelled during ReserveStock", saga: Checkout, answers: answering("ReserveStock", cancelled)},

	{name: "Checkout: AuthorizePayment says no", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined)},
	{name: "Checkout: AuthorizePayment is silent for a while", saga: Checkout, answers: answering("AuthorizePayment", silentFor(2))},
	{name: "Checkout: AuthorizePayment never answers", saga: Checkout, answers: answering("AuthorizePayment", silent)},
	{name: "Checkout: cancelled during AuthorizePayment", saga: Checkout, answers: answering("AuthorizePayment", cancelled)},

	{name: "Checkout: ConfirmOrder is silent for a while", saga: Checkout, answers: answering("ConfirmOrder", silentFor(5))},
	{name: "Checkout: ConfirmOrder is silent for long", saga: Checkout, answers: answering("ConfirmOrder", silentFor(30))},
	{name: "Checkout: cancelled during ConfirmOrder", saga: Checkout, answers: answering("ConfirmOrder", cancelled)},
	{name: "Checkout: the order was closed behind the saga's back", saga: Checkout, answers: answering("ConfirmOrder", closed)},

	{name: "Checkout: an undo is silent for a while", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined, "VoidPayment", silentFor(4))},
	{name: "Checkout: an undo is refused at first", saga: Checkout, answers: answering("AuthorizePayment", cardDeclined, "VoidPayment", refusedFor(2))},
	{name: "Checkout: RejectOrder is silent for a while", saga: Checkout, answers: answering("ReserveStock", outOfStock, "RejectOrder", silentFor(3))},

	{name: "Checkout: begun again after it was confirmed, and ReserveStock never answers", saga: Checkout, state: order.Confirmed, answers: answering("ReserveStock", silent)},
	{name: "Checkout: begun again after it was confirmed, and AuthorizePayment never answers", saga: Checkout, state: order.Confirmed, answers: answering("AuthorizePayment", silent)},
	{name: "Checkout: begun again after it was confirmed, and cancelled", saga: Checkout, state: order.Confirmed, answers: answering("ReserveStock", cancelled)},
	{name: "Checkout: begun again after it was undone", saga: Checkout, answers: answering("ReserveStock", no(inventory.ErrReservationReleased))},
	{name: "Checkout: begun again after it was cancelled", saga: Checkout, state: order.Cancelled, answers: answering("ReserveStock", no(inventory.ErrReservationReleased), "RejectOrder", closed)},
	{name: "Checkout: confirmed by a worker believed dead, while everything is undone", saga: Checkout, answers: answering("ReserveStock", cancelled, "RejectOrder", answer(confirmedMeanwhile))},

	{name: "3-D Secure: the customer satisfies the bank", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the customer fails the bank's test", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusFailed}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the customer never comes", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}},
	{name: "3-D Secure: the webhook was lost, the money is there", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}},
	{name: "3-D Secure: a signal without news", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, needsCustomer, payment.StatusCaptured}, after: 3 * time.Second, then: signalled},
	{name: "3-D Secure: the payment service is silent at the deadline", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}, answers: answering("ResolvePayment", silent)},
	{name: "3-D Secure: cancelled while waiting", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer}, after: 3 * time.Second, then: cancelledThen},
	{name: "3-D Secure: AwaitPayment is silent for a while", saga: Checkout, paid: []payment.PaymentStatus{needsCustomer, payment.StatusCaptured}, answers: answering("AwaitPayment", silentFor(2)), after: 3 * time.Second, then: signalled},

	{name: "Cancel: a confirmed order", saga: Cancel, state: order.Confirmed},
	{name: "Cancel: an order whose checkout undoes itself", saga: Cancel, order: busy, after: time.Second, then: func(w *world) { w.state = order.Rejected }},
	{name: "Cancel: an order that is confirmed after all", saga: Cancel, order: busy, after: time.Second, then: func(w *world) { w.state = order.Confirmed }},
	{name: "Cancel: an order whose checkout is gone", saga: Cancel, order: deserted},
	{name: "Cancel: an order whose checkout is gone, begun again and confirmed meanwhile", saga: Cancel, order: deserted, answers: answering("RejectOrder", answer(confirmedMeanwhile))},
	{name: "Cancel: the payment service is silent for long", saga: Cancel, state: order.Confirmed, answers: answering("VoidPayment", silentFor(30))},
	{name: "Cancel: cancelled by an operator while giving back", saga: Cancel, state: order.Confirmed, answers: answering("VoidPayment", cancelled)},

	{name: "Reconcile: an order without a saga, a payment in doubt, money and stock of a closed order", saga: Reconcile, state: "left alone"},
	{name: "Reconcile: a service is out", saga: Reconcile, state: "left alone", answers: answering("ListUnsettledPayments", silent)},
}

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

// TestTraces writes down, for every way a saga can go, exactly what ran, what
// was undone and how it ended, and compares it with testdata/checkout.traces.
func TestTraces(t *testing.T) {
	var all strings.Builder
	all.WriteString("What the sagas call, in order. \"directly\" is a local activity that calls the owning\n" +
		"service; \"by activity\" is Temporal's task queue. Written by: make golden.\n")
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			w, env := newWorld(t, sc), newEnvironment()
			w.cancel = env.CancelWorkflow
			w.signal = func() { env.SignalWorkflow(PaymentChanged, nil) }
			child := newWorld(t, scenario{}) // of the checkout that Reconcile starts
			settle(env, func(ctx context.Context) *world {
				if activity.GetInfo(ctx).WorkflowExecution.ID == CheckoutID(purchase.OrderID) {
					return child
				}
				return w
			})
			if sc.then != nil {
				env.RegisterDelayedCallback(func() { sc.then(w) }, sc.after)
			}
			started := env.Now()
			env.ExecuteWorkflow(sc.saga, sc.input()...)
			require.True(t, env.IsWorkflowCompleted())
			var done Repairs
			if len(sc.input()) == 0 && env.GetWorkflowResult(&done) == nil {
				w.note("started %d, resolved %d, voided %d, released %d", done.Started, done.Resolved, done.Voided, done.Released)
			}
			fmt.Fprintf(&all, "\n%s\n", sc.name)
			for _, line := range w.trace {
				fmt.Fprintf(&all, "    %s\n", line)
			}
			fmt.Fprintf(&all, "    %s, after %s\n", w.end(env.GetWorkflowError()), env.Now().Sub(started).Round(time.Second))
		})
	}
	if t.Failed() {
		return
	}
	const golden = "testdata/checkout.traces"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(all.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), all.String())
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
	for id, heard := range map[uuid.UUID]error{busy: nil, deserted: &temporal.UnknownExternalWorkflowExecutionError{}} {
		env.OnRequestCancelExternalWorkflow(mock.Anything, CheckoutID(id), "").Return(nil).Maybe()
		env.OnSignalExternalWorkflow(mock.Anything, CheckoutID(id), "", PaymentChanged, nil).Return(heard).Maybe()
	}
	return env
}
