package workflows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"kassa/activities/analytics"
	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/notification"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/activities/user"
	"kassa/internal/durable"
	"kassa/internal/fault"
	"kassa/internal/money"
)

// An answer is what a service does when a saga calls one of its operations.
type answer func(w *world, attempt int) error

var (
	yes       answer = func(*world, int) error { return nil }
	silent    answer = func(*world, int) error { return fault.ErrUnavailable }
	cancelled answer = func(w *world, _ int) error { w.cancel(); return nil }
)

func no(f *fault.Error) answer { return func(*world, int) error { return f } }

// noOnce refuses the first time.
func noOnce(f *fault.Error) answer {
	return func(_ *world, attempt int) error {
		if attempt == 1 {
			return f
		}
		return nil
	}
}

// silentFor gives no definite answer at first.
func silentFor(attempts int) answer {
	return func(_ *world, attempt int) error {
		if attempt <= attempts {
			return fault.ErrUnavailable
		}
		return nil
	}
}

// silentUntilLoud gives no definite answer until the world is loud.
func silentUntilLoud(w *world, _ int) error {
	if w.loud {
		return nil
	}
	return fault.ErrUnavailable
}

// world stands where the workers are: it answers a saga's calls as told and
// writes down, for people, what was called.
type world struct {
	t        testing.TB
	mu       sync.Mutex // one call at a time
	purchase order.Purchase
	answers  map[string]answer
	attempts map[string]int
	paid     []payment.PaymentStatus // what AuthorizePayment and then each ResolvePayment find
	doubtful []uuid.UUID             // orders whose payment nobody has got an answer about
	state    order.Status
	trace    []string
	pen      sync.Mutex // of beside
	beside   []string   // what operators were told or made it do: at the same time as all else

	pages   []string // where the customer is sent, by each look at the payment; the last one stays
	await   []int64  // seconds the customer has, by each look at the payment; the last one stays; none for the usual time
	loud    bool     // whether who is silentUntilLoud answers
	release bool     // whether a refund leaves stock that will not be shipped
	open    int64    // a person's orders that still need their address
	carts   []int    // abandoned ones that each call tells of
	broken  bool     // whether what comes back cannot be sold again
	home    []string // the statuses that a return is found in; the last one stays

	cancel func()              // asks the workflow to stop
	signal func()              // tells the workflow that its payment has changed
	tell   func(update string) // what an operator wants
	news   func(signal string) // any other signal
}

var purchase = order.Purchase{
	OrderID:       uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"),
	UserID:        uuid.MustParse("0199f3c2-0000-7000-8000-000000000001"),
	Items:         []order.Item{{VariantID: uuid.MustParse("0199f3c2-0000-7000-8000-000000000002"), Quantity: 2}},
	Total:         money.New(4298, "EUR"),
	PaymentMethod: "pm_card_visa",
	Capture:       "automatic",
}

// Two more orders, for those who ask a checkout to stop.
var (
	busy     = uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a11") // its checkout goes on
	deserted = uuid.MustParse("0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a12") // its checkout was terminated
)

func newWorld(t testing.TB, sc scenario) *world {
	w := &world{t: t, purchase: sc.purchase(), answers: sc.answers, attempts: map[string]int{}, state: order.Pending, paid: []payment.PaymentStatus{payment.StatusCaptured}, doubtful: []uuid.UUID{purchase.OrderID}}
	if sc.paid != nil {
		w.paid = slices.Clone(sc.paid)
	}
	if sc.state != "" {
		w.state = sc.state
	}
	if sc.with != nil {
		sc.with(w)
	}
	return w
}

// settle registers every operation that a saga calls; of tells which world a
// call belongs to.
func settle(r worker.ActivityRegistry, of func(context.Context) *world) {
	register(r, of, "ReserveStock", func(w *world, in inventory.ReserveStockInput) inventory.Reservation {
		require.Equal(w.t, reservation(w.purchase), in)
		return inventory.Reservation{OrderID: in.OrderID}
	})
	register(r, of, "ReleaseStock", func(w *world, in inventory.ReleaseStockInput) inventory.Reservation {
		require.Equal(w.t, w.purchase.OrderID, in.OrderID)
		return inventory.Reservation{OrderID: in.OrderID}
	})
	register(r, of, "AuthorizePayment", func(w *world, in payment.AuthorizePaymentInput) payment.Payment {
		require.Equal(w.t, authorization(w.purchase), in)
		return w.payment()
	})
	register(r, of, "RedeemCoupon", func(w *world, in cart.RedeemCouponInput) cart.Redemption {
		require.Equal(w.t, redemption(w.purchase), in)
		return cart.Redemption{OrderID: in.OrderID}
	})
	register(r, of, "RestoreCoupon", func(w *world, in cart.RestoreCouponInput) cart.Redemption {
		require.Equal(w.t, w.purchase.OrderID, in.OrderID)
		return cart.Redemption{OrderID: in.OrderID}
	})
	register(r, of, "StartReview", func(w *world, _ order.StartReviewInput) order.State { return w.become(order.InReview) })
	register(r, of, "HoldOrder", func(w *world, _ order.Intervention) order.State { return w.become(order.Held) })
	register(r, of, "ResumeOrder", func(w *world, _ order.Intervention) order.State { return w.become(order.Pending) })
	register(r, of, "ApproveOrder", func(w *world, _ order.Intervention) order.State { return order.State{Status: w.state} })
	register(r, of, "RetryOrder", func(w *world, _ order.Intervention) order.State { return order.State{Status: w.state} })
	register(r, of, "CapturePayment", func(w *world, in payment.CapturePaymentInput) payment.Payment {
		return payment.Payment{OrderID: in.OrderID, Status: payment.StatusCaptured, Captured: in.Amount}
	})
	register(r, of, "ShipStock", func(_ *world, in inventory.ShipStockInput) inventory.Shipment {
		return inventory.Shipment{ShipmentID: in.ShipmentID, OrderID: in.OrderID}
	})
	register(r, of, "MarkShipped", func(w *world, _ order.MarkShippedInput) order.State { return w.become(order.Shipped) })
	register(r, of, "MarkDelivered", func(w *world, _ order.MarkDeliveredInput) order.State { return w.become(order.Delivered) })
	register(r, of, "FailShipment", func(w *world, in order.FailShipmentInput) order.Unshipped {
		w.note("the shipment failed: %s", in.Reason)
		done := order.Unshipped{State: order.State{Status: w.state}}
		if in.Taken.Amount > 0 {
			w.note("to be refunded: %s", in.Taken)
			done.Refund = order.Restitution{RefundID: in.ShipmentID, OrderID: in.OrderID, Total: w.purchase.Total, Amount: in.Taken}
		}
		return done
	})
	register(r, of, "ReadCapture", func(w *world, in payment.ReadCaptureInput) payment.Capture {
		left := money.New(2149, "EUR")
		if in.CaptureID != parcel.ShipmentID {
			left.Amount = 649 // all that was left to be taken
		}
		return payment.Capture{ID: in.CaptureID, Taken: left, Left: left, Captured: left}
	})
	register(r, of, "ReadReturnState", func(w *world, in order.ReadReturnInput) order.ReturnState {
		found := order.ReturnState{ReturnID: in.ReturnID, Status: w.home[0], Restock: !w.broken}
		if len(w.home) > 1 {
			w.home = w.home[1:]
		}
		return found
	})
	register(r, of, "ExpireReturn", func(_ *world, in order.ReadReturnInput) order.ReturnState {
		return order.ReturnState{ReturnID: in.ReturnID, Status: "rejected"}
	})
	register(r, of, "PlanReturnRefund", func(w *world, in order.ReadReturnInput) order.Restitution {
		back := restitution
		if back.RefundID = in.ReturnID; w.release {
			back.Amount.Amount = 0 // nothing is left to be given back
		}
		return back
	})
	register(r, of, "RestockReturn", func(_ *world, in inventory.RestockReturnInput) inventory.Restocked {
		return inventory.Restocked{ReturnID: in.ReturnID, OrderID: in.OrderID}
	})
	register(r, of, "CompleteReturn", func(w *world, in order.ReadReturnInput) order.ReturnState {
		w.become(order.Returned)
		return order.ReturnState{ReturnID: in.ReturnID, Status: "completed"}
	})
	register(r, of, "RefundPayment", func(_ *world, in payment.RefundPaymentInput) payment.Refund {
		return payment.Refund{ID: in.RefundID, Amount: in.Amount, Status: payment.RefundSucceeded}
	})
	register(r, of, "CompleteRefund", func(w *world, _ order.CompleteRefundInput) order.Restored {
		return order.Restored{State: w.become(order.PartiallyRefunded), Release: w.release}
	})
	register(r, of, "FailRefund", func(w *world, in order.FailRefundInput) order.State {
		w.note("the refund failed: %s", in.Reason)
		return order.State{Status: w.state}
	})
	register(r, of, "ForgetCartOwner", func(*world, cart.ForgetCartOwnerInput) cart.ForgottenCartOwner { return cart.ForgottenCartOwner{} })
	register(r, of, "ForgetRecipient", func(*world, notification.ForgetRecipientInput) notification.ForgottenRecipient {
		return notification.ForgottenRecipient{}
	})
	register(r, of, "ForgetVisitor", func(*world, analytics.ForgetVisitorInput) analytics.ForgottenVisitor {
		return analytics.ForgottenVisitor{}
	})
	register(r, of, "ForgetCustomer", func(w *world, _ order.ForgetCustomerInput) order.Forgotten {
		left := order.Forgotten{Orders: 1, Open: w.open}
		w.open = 0
		return left
	})
	register(r, of, "EraseUser", func(_ *world, in user.EraseUserInput) user.ErasedUser { return user.ErasedUser{UserID: in.UserID} })
	register(r, of, "RemindAbandonedCarts", func(w *world, _ cart.RemindAbandonedCartsInput) cart.Reminded {
		if len(w.carts) == 0 {
			return cart.Reminded{}
		}
		told := w.carts[0]
		w.carts = w.carts[1:]
		return cart.Reminded{Carts: told}
	})
	register(r, of, "ResolvePayment", func(w *world, _ payment.ResolvePaymentInput) payment.Payment { return w.payment() })
	register(r, of, "VoidPayment", func(w *world, in payment.VoidPaymentInput) payment.Payment {
		require.Equal(w.t, w.purchase.OrderID, in.OrderID)
		return payment.Payment{OrderID: in.OrderID, Status: payment.StatusRefunded}
	})
	register(r, of, "AwaitPayment", func(w *world, _ order.AwaitPaymentInput) order.State { return w.become(order.AwaitingPayment) })
	register(r, of, "ConfirmOrder", func(w *world, _ order.ConfirmOrderInput) order.State { return w.become(order.Confirmed) })
	register(r, of, "RejectOrder", func(w *world, in order.RejectOrderInput) order.State {
		w.note("the customer is told %s: %s", in.Reason, in.Message)
		return w.become(order.Rejected)
	})
	register(r, of, "CancelOrder", func(w *world, _ order.CancelOrderInput) order.State { return w.become(order.Cancelled) })
	register(r, of, "ReadState", func(w *world, _ order.ReadOrderInput) order.State { return order.State{Status: w.state} })
	register(r, of, "NeedAttention", func(w *world, _ order.NeedAttentionInput) order.State { return order.State{Status: w.state} })

	register(r, of, "ListUnsettledOrders", func(*world, order.ListUnsettledInput) order.Unsettled {
		return order.Unsettled{Checkouts: []order.Purchase{purchase}}
	})
	register(r, of, "ListUnsettledPayments", func(w *world, _ payment.ListUnsettledPaymentsInput) payment.UnsettledPayments {
		return payment.UnsettledPayments{Orders: w.doubtful}
	})
	register(r, of, "ListClosedOrders", func(*world, order.ListClosedInput) order.ClosedOrders {
		return order.ClosedOrders{Orders: []uuid.UUID{purchase.OrderID}}
	})
	register(r, of, "ListOpenPayments", func(_ *world, in payment.ListOpenPaymentsInput) payment.OpenPayments {
		return payment.OpenPayments(in)
	})
	register(r, of, "ListHeldReservations", func(_ *world, in inventory.ListHeldInput) inventory.HeldReservations {
		return inventory.HeldReservations(in)
	})
}

// register puts op in the place of the operation of that name.
func register[In, Out any](r worker.ActivityRegistry, of func(context.Context) *world, name string, op func(*world, In) Out) {
	r.RegisterActivityWithOptions(func(ctx context.Context, in In) (out Out, err error) {
		w := of(ctx)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.attempts[name]++
		answer, told := w.answers[name]
		if !told {
			answer = yes
		}
		err = answer(w, w.attempts[name])
		w.called(ctx, name, err)
		if err == nil {
			out = op(w, in)
		}
		return out, err
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
	if name == "RetryOrder" { // an update's own, whatever the saga is doing
		w.aside("%s", line)
		return
	}
	if last := len(w.trace) - 1; last >= 0 && strings.HasPrefix(w.trace[last], line) {
		w.trace[last] = line + ", again and again"
		return
	}
	w.trace = append(w.trace, line)
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, "  "+fmt.Sprintf(format, args...))
}

// aside is for what happens beside the saga, in no order with it.
func (w *world) aside(format string, args ...any) {
	w.pen.Lock()
	defer w.pen.Unlock()
	w.beside = append(w.beside, fmt.Sprintf(format, args...))
}

func (w *world) become(s order.Status) order.State {
	w.state = s
	return order.State{OrderID: w.purchase.OrderID, Status: s}
}

func (w *world) payment() payment.Payment {
	p := payment.Payment{OrderID: w.purchase.OrderID, Status: w.paid[0], ActionURL: "https://bank.example/3ds"}
	if len(w.await) > 0 {
		p.AwaitSeconds = w.await[0]
		w.await = w.await[min(1, len(w.await)-1):]
	}
	if len(w.pages) > 0 {
		p.ActionURL, w.pages = w.pages[0], w.pages[1:]
	}
	if p.Status == payment.StatusFailed {
		p.DeclineCode = "authentication_failed"
	}
	if len(w.paid) > 1 {
		w.paid = w.paid[1:]
	}
	return p
}

// end is how the workflow ended, for people.
func (w *world) end(err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("= completed, order %s", w.state)
	case temporal.IsCanceledError(err):
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
