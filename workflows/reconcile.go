package workflows

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
)

const (
	// ReconcileID names the schedule that runs Reconcile, and its workflow.
	ReconcileID = "reconcile"
	// quietFor is how long nothing must have touched a thing before Reconcile does.
	quietFor = 30 * time.Second
	// lookBack bounds the search for reservations that nobody owns.
	lookBack = 48 * time.Hour
	// atMost bounds one run; the next one goes on.
	atMost = 200
)

// Repairs counts what one run of Reconcile has done.
type Repairs struct {
	Started  int `json:"started"`  // sagas of orders that had none
	Resolved int `json:"resolved"` // payments whose truth was asked for
	Released int `json:"released"` // reservations of closed orders
}

// Reconcile mends what no saga owns any more: an order without a saga gets one,
// a payment in doubt is looked up, stock held for a closed order is released.
// A Temporal Schedule runs it every minute, one at a time.
func Reconcile(ctx workflow.Context) (done Repairs, err error) {
	before := workflow.Now(ctx).Add(-quietFor)
	for _, mend := range []func(workflow.Context, time.Time, *Repairs) error{startSagas, resolvePayments, releaseOrphans} {
		err = errors.Join(err, mend(ctx, before, &done))
	}
	if done != (Repairs{}) {
		workflow.GetLogger(ctx).Warn("reconciled", "started", done.Started, "resolved", done.Resolved, "released", done.Released)
		counter := workflow.GetMetricsHandler(ctx).Counter("kassa_repairs_total")
		counter.Inc(int64(done.Started + done.Resolved + done.Released))
	}
	return done, err
}

func startSagas(ctx workflow.Context, before time.Time, done *Repairs) error {
	found, err := call(at(ctx, order.Queue), orders.ListUnsettledOrders, order.ListUnsettledInput{Before: before, Limit: atMost})
	for _, purchase := range found.Checkouts {
		started, failed := start(ctx, CheckoutID(purchase.OrderID), Checkout, purchase)
		done.Started += started
		err = errors.Join(err, failed)
	}
	for _, purchase := range found.Cancels {
		started, failed := start(ctx, CancelID(purchase.OrderID), Cancel, purchase)
		done.Started += started
		err = errors.Join(err, failed)
	}
	return err
}

// start starts a saga unless it is running, and does not wait for its end.
func start(ctx workflow.Context, id string, saga any, in order.Purchase) (int, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   5 * time.Second,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CustomerID.ValueSet(in.UserID.String()), OrderTotal.ValueSet(in.Total.Amount), Currency.ValueSet(in.Total.Currency)),
	})
	err := workflow.ExecuteChildWorkflow(ctx, saga, in).GetChildWorkflowExecution().Get(ctx, nil)
	var running *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &running) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

func resolvePayments(ctx workflow.Context, before time.Time, done *Repairs) error {
	found, err := call(at(ctx, payment.Queue), payments.ListUnsettledPayments, payment.ListUnsettledPaymentsInput{Before: before, Limit: atMost})
	for _, orderID := range found.Orders {
		if _, failed := call(at(ctx, payment.Queue), payments.ResolvePayment, payment.ResolvePaymentInput{OrderID: orderID}); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		done.Resolved++
	}
	return err
}

func releaseOrphans(ctx workflow.Context, before time.Time, done *Repairs) error {
	after := firstIDOf(before.Add(-lookBack))
	var err error
	for {
		held, failed := call(at(ctx, inventory.Queue), stock.ListHeldReservations, inventory.ListReservationsInput{
			HeldBefore: before, After: after, Limit: atMost,
		})
		if failed != nil || len(held.Orders) == 0 {
			return errors.Join(err, failed)
		}
		orphans, failed := call(at(ctx, order.Queue), orders.ListOrphans, order.OrderIDs{Orders: held.Orders})
		if failed != nil {
			return errors.Join(err, failed)
		}
		for _, orderID := range orphans.Orders {
			if _, failed := call(at(ctx, inventory.Queue), stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: orderID}); failed != nil {
				err = errors.Join(err, failed)
				continue
			}
			done.Released++
		}
		if len(held.Orders) < atMost {
			return err
		}
		after = held.Orders[len(held.Orders)-1]
	}
}

// firstIDOf is the lowest UUIDv7 made at t (RFC 9562, section 5.7): order ids
// sort by time, so a search that starts here skips everything older.
func firstIDOf(t time.Time) uuid.UUID {
	var first uuid.UUID
	for i, ms := 5, t.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		first[i] = byte(ms)
	}
	return first
}
