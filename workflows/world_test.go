package workflows

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/money"
)

// An answer is what a service does when a saga calls one of its operations.
type answer func(w *world, attempt int) error

var (
	yes       answer = func(*world, int) error { return nil }
	silent    answer = func(*world, int) error { return fault.ErrUnavailable }
	cancelled answer = func(w *world, _ int) error { w.env.CancelWorkflow(); return nil }
)

func no(f *fault.Error) answer { return func(*world, int) error { return f } }

// silentFor gives no definite answer at first.
func silentFor(attempts int) answer {
	return func(_ *world, attempt int) error {
		if attempt <= attempts {
			return fault.ErrUnavailable
		}
		return nil
	}
}

// world stands where the workers are: it answers a saga's calls as told and
// writes down, for people, what was called.
type world struct {
	env      *testsuite.TestWorkflowEnvironment
	answers  map[string]answer
	attempts map[string]int
	paid     []payment.PaymentStatus // what AuthorizePayment and then each ResolvePayment find
	state    order.Status
	trace    []string
}

var purchase = order.Purchase{
	OrderID:       uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"),
	UserID:        uuid.MustParse("0199f3c2-0000-7000-8000-000000000001"),
	Items:         []order.Item{{VariantID: uuid.MustParse("0199f3c2-0000-7000-8000-000000000002"), Quantity: 2}},
	Total:         money.New(4298, "EUR"),
	PaymentMethod: "pm_card_visa",
	Capture:       "automatic",
}

func newWorld(t *testing.T, answers map[string]answer) *world {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	w := &world{env: suite.NewTestWorkflowEnvironment(), answers: answers, attempts: map[string]int{}, state: order.Pending}
	w.paid = []payment.PaymentStatus{payment.StatusCaptured}
	w.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{durable.Faults(zap.NewNop())}})
	w.env.SetTestTimeout(time.Minute)
	register(w, "ReserveStock", func(in inventory.ReserveStockInput) (inventory.Reservation, error) {
		require.Equal(t, reservation(purchase), in)
		return inventory.Reservation{OrderID: in.OrderID}, nil
	})
	register(w, "ReleaseStock", func(in inventory.ReleaseStockInput) (inventory.Reservation, error) {
		require.Equal(t, purchase.OrderID, in.OrderID)
		return inventory.Reservation{OrderID: in.OrderID}, nil
	})
	register(w, "AuthorizePayment", func(in payment.AuthorizePaymentInput) (payment.Payment, error) {
		require.Equal(t, authorization(purchase), in)
		return w.payment(), nil
	})
	register(w, "ResolvePayment", func(payment.ResolvePaymentInput) (payment.Payment, error) { return w.payment(), nil })
	register(w, "VoidPayment", func(in payment.VoidPaymentInput) (payment.Payment, error) {
		require.Equal(t, purchase.OrderID, in.OrderID)
		return payment.Payment{OrderID: in.OrderID, Status: payment.StatusRefunded}, nil
	})
	register(w, "AwaitPayment", func(order.AwaitPaymentInput) (order.State, error) { return w.become(order.AwaitingPayment), nil })
	register(w, "ConfirmOrder", func(order.ConfirmOrderInput) (order.State, error) { return w.become(order.Confirmed), nil })
	register(w, "RejectOrder", func(in order.RejectOrderInput) (order.State, error) {
		w.note("the customer is told %s: %s", in.Reason, in.Message)
		return w.become(order.Rejected), nil
	})
	register(w, "CancelOrder", func(order.CancelOrderInput) (order.State, error) { return w.become(order.Cancelled), nil })
	register(w, "ReadState", func(order.ReadOrderInput) (order.State, error) { return order.State{Status: w.state}, nil })
	register(w, "NeedAttention", func(order.NeedAttentionInput) (order.State, error) { return order.State{Status: w.state}, nil })
	return w
}

// register puts op in the place of the operation of that name.
func register[In, Out any](w *world, name string, op func(In) (Out, error)) {
	w.env.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		var out Out
		w.attempts[name]++
		answer, told := w.answers[name]
		if !told {
			answer = yes
		}
		err := answer(w, w.attempts[name])
		w.called(ctx, name, err)
		if err != nil {
			return out, err
		}
		return op(in)
	}, activity.RegisterOptions{Name: name})
}

// called writes down a call; attempts at the same thing share a line.
func (w *world) called(ctx context.Context, name string, err error) {
	how := "by activity"
	if activity.GetInfo(ctx).IsLocalActivity {
		how = "directly"
	}
	result := "yes"
	if err != nil {
		f := fault.Of(err)
		if result = "no, " + f.Reason; f.Code.Retryable() {
			result = "no answer"
		}
	}
	line := fmt.Sprintf("%-17s %-12s %s", name, how, result)
	if last := len(w.trace) - 1; last >= 0 && strings.HasPrefix(w.trace[last], line) {
		w.trace[last] = line + ", again and again"
		return
	}
	w.trace = append(w.trace, line)
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, "  "+fmt.Sprintf(format, args...))
}

func (w *world) become(s order.Status) order.State {
	w.state = s
	return order.State{OrderID: purchase.OrderID, Status: s}
}

func (w *world) payment() payment.Payment {
	p := payment.Payment{OrderID: purchase.OrderID, Status: w.paid[0], ActionURL: "https://bank.example/3ds"}
	if p.Status == payment.StatusFailed {
		p.DeclineCode = "authentication_failed"
	}
	if len(w.paid) > 1 {
		w.paid = w.paid[1:]
	}
	return p
}

// end is how the workflow ended, for people.
func (w *world) end() string {
	switch err := w.env.GetWorkflowError(); {
	case err == nil:
		return fmt.Sprintf("= completed, order %s", w.state)
	case strings.Contains(err.Error(), "canceled"):
		return fmt.Sprintf("= cancelled, order %s", w.state)
	default:
		return fmt.Sprintf("= failed (%s), order %s", fault.Of(durable.Fault(err)).Reason, w.state)
	}
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
