package workflows

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/money"
)

const (
	// ReconcileID names the schedule that runs Reconcile, and its workflow.
	ReconcileID = "reconcile"
	// quietFor is how long nothing must have touched a thing before Reconcile does.
	quietFor = 30 * time.Second
	// lookBack is how far the first run ever looks for closed orders.
	lookBack = 48 * time.Hour
	// atMost bounds one search. The next run goes on.
	atMost = 200
	// pages bounds the searches for closed orders in one run.
	pages = 100
	// abreast is how many things are mended at once.
	abreast = 20
)

// Repairs counts what one run of Reconcile has done.
type Repairs struct {
	Started  int       `json:"started"`  // sagas of orders that had none
	Resolved int       `json:"resolved"` // payments whose truth was asked for
	Released int       `json:"released"` // reservations of closed orders
	Voided   int       `json:"voided"`   // payments of closed orders
	Searched time.Time `json:"searched"` // what was closed before then has been looked at; the next run begins there

	Looked order.Looked `json:"looked"` // how far this run has come among what is under way; the next goes on there
}

// Reconcile mends what no saga owns any more: an order without a saga gets one,
// a payment in doubt is looked up, what a closed order still holds goes back.
// A Temporal Schedule runs it every minute, one at a time, so it never waits
// long: what does not answer now may answer the next run.
//
// What could not be mended is counted and does not fail the run: the next one
// begins where this one came to, and a run that failed would have come nowhere.
func Reconcile(ctx workflow.Context) (Repairs, error) {
	before := workflow.Now(ctx).Add(-quietFor)
	done := Repairs{Searched: before.Add(-lookBack)}
	var last Repairs
	if workflow.GetLastCompletionResult(ctx, &last) == nil && !last.Searched.IsZero() {
		done.Searched, done.Looked = last.Searched, last.Looked
	}
	for _, mend := range []func(workflow.Context, time.Time, *Repairs) error{startSagas, resolvePayments, emptyClosedOrders} {
		if err := mend(ctx, before, &done); err != nil {
			workflow.GetLogger(ctx).Error("not everything could be mended", "error", err)
			workflow.GetMetricsHandler(ctx).Counter("kassa_repairs_failed_total").Inc(1)
		}
	}
	if repaired := done.Started + done.Resolved + done.Released + done.Voided; repaired > 0 {
		workflow.GetLogger(ctx).Warn("reconciled", "started", done.Started, "resolved", done.Resolved, "released", done.Released, "voided", done.Voided)
		workflow.GetMetricsHandler(ctx).Counter("kassa_repairs_total").Inc(int64(repaired))
	}
	return done, nil
}

func startSagas(ctx workflow.Context, before time.Time, done *Repairs) error {
	found, err := call(briefly(ctx, order.Queue), orders.ListUnsettledOrders, order.ListUnsettledInput{Before: before, Limit: atMost, After: done.Looked})
	if err != nil {
		return err // the next run looks there again
	}
	done.Looked = found.Looked
	for _, purchase := range found.Checkouts {
		started, failed := start(ctx, CheckoutID(purchase.OrderID), Checkout, purchase, purchase.UserID, purchase.Total)
		done.Started += started
		err = errors.Join(err, failed)
	}
	for _, purchase := range found.Cancels {
		started, failed := start(ctx, CancelID(purchase.OrderID), Cancel, purchase, purchase.UserID, purchase.Total)
		done.Started += started
		err = errors.Join(err, failed)
	}
	for _, parcel := range found.Parcels {
		started, failed := start(ctx, FulfilID(parcel.ShipmentID), Fulfil, parcel, parcel.UserID, parcel.Total)
		done.Started += started
		err = errors.Join(err, failed)
	}
	for _, back := range found.Refunds {
		started, failed := start(ctx, RefundID(back.RefundID), Refund, back, back.UserID, back.Total)
		done.Started += started
		err = errors.Join(err, failed)
	}
	for _, coming := range found.Returns {
		started, failed := start(ctx, ReturnID(coming.ReturnID), Return, coming, coming.UserID, coming.Total)
		done.Started += started
		err = errors.Join(err, failed)
	}
	return err
}

// start starts a saga unless it is running, and does not wait for its end.
func start(ctx workflow.Context, id string, saga, in any, userID uuid.UUID, total money.Money) (int, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowTaskTimeout:   5 * time.Second,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			CustomerID.ValueSet(userID.String()), OrderTotal.ValueSet(total.Amount), Currency.ValueSet(total.Currency)),
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
	found, err := call(briefly(ctx, payment.Queue), payments.ListUnsettledPayments, payment.ListUnsettledPaymentsInput{Before: before, Limit: atMost})
	if err != nil {
		return err
	}
	return each(ctx, found.Orders, &done.Resolved, func(ctx workflow.Context, orderID uuid.UUID) error {
		_, err := call(briefly(ctx, payment.Queue), payments.ResolvePayment, payment.ResolvePaymentInput{OrderID: orderID})
		return err
	})
}

// emptyClosedOrders looks once at every order that was closed: it should hold
// nothing. Its saga has left tombstones, so nothing can come later.
func emptyClosedOrders(ctx workflow.Context, before time.Time, done *Repairs) error {
	for range pages {
		closed, err := call(briefly(ctx, order.Queue), orders.ListClosedOrders, order.ListClosedInput{Since: done.Searched, Before: before, Limit: atMost})
		if err == nil && len(closed.Orders) > 0 {
			err = errors.Join(voidPayments(ctx, closed.Orders, done), releaseStock(ctx, closed.Orders, done))
		}
		if err != nil {
			return err
		}
		if len(closed.Orders) < atMost {
			done.Searched = before
			return nil
		}
		done.Searched = closed.Until
	}
	return nil
}

func voidPayments(ctx workflow.Context, closed []uuid.UUID, done *Repairs) error {
	open, err := call(briefly(ctx, payment.Queue), payments.ListOpenPayments, payment.ListOpenPaymentsInput{Orders: closed})
	if err != nil {
		return err
	}
	return each(ctx, open.Orders, &done.Voided, func(ctx workflow.Context, orderID uuid.UUID) error {
		_, err := call(briefly(ctx, payment.Queue), payments.VoidPayment, payment.VoidPaymentInput{OrderID: orderID})
		return err
	})
}

func releaseStock(ctx workflow.Context, closed []uuid.UUID, done *Repairs) error {
	held, err := call(briefly(ctx, inventory.Queue), stock.ListHeldReservations, inventory.ListHeldInput{Orders: closed})
	if err != nil {
		return err
	}
	return each(ctx, held.Orders, &done.Released, func(ctx workflow.Context, orderID uuid.UUID) error {
		_, err := call(briefly(ctx, inventory.Queue), stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: orderID})
		return err
	})
}

// each mends orders, some at once, because one that gets no answer must not
// hold up the others, and counts what was mended.
func each(ctx workflow.Context, found []uuid.UUID, mended *int, mend func(workflow.Context, uuid.UUID) error) (err error) {
	for some := range slices.Chunk(found, abreast) {
		under := workflow.NewWaitGroup(ctx)
		for _, orderID := range some {
			under.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer under.Done()
				if failed := mend(ctx, orderID); failed != nil {
					err = errors.Join(err, failed)
					return
				}
				*mended++
			})
		}
		under.Wait(ctx)
	}
	return err
}
