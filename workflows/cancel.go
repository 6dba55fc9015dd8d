package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
)

// CancelID is the workflow id of an order's cancellation.
func CancelID(orderID interface{ String() string }) string { return "cancel/" + orderID.String() }

// Cancel ends an order that somebody asked to cancel. A checkout under way is
// told to stop: before its point of no return it undoes itself and the order is
// rejected; after it the order is confirmed first, and then its money and its
// stock go back. An order whose checkout is gone is undone and rejected here.
func Cancel(ctx workflow.Context, in order.Purchase) (order.State, error) {
	ctx = forOrder(ctx, in.OrderID)
	state, err := settled(ctx, in)
	if err != nil || state.Status.Closed() {
		return state, err
	}

	paid, err := takeBack(ctx, in)
	if err != nil {
		return state, err
	}
	if state.Status != order.Confirmed {
		return reject(ctx, in, order.ErrOrderCancelled, nil)
	}
	return cancel(ctx, in, paid)
}

// takeBack gives an order's money, its stock and its coupon back.
func takeBack(ctx workflow.Context, in order.Purchase) (payment.Payment, error) {
	workflow.SetCurrentDetails(ctx, "Giving the money back.")
	paid, err := call(definitely(ctx, payment.Queue), payments.VoidPayment, payment.VoidPaymentInput{OrderID: in.OrderID})
	if err == nil {
		workflow.SetCurrentDetails(ctx, "Giving the stock back.")
		_, err = call(definitely(ctx, inventory.Queue), stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: in.OrderID})
	}
	if err == nil && in.Coupon != "" {
		workflow.SetCurrentDetails(ctx, "Giving the coupon back.")
		_, err = call(definitely(ctx, cart.Queue), carts.RestoreCoupon, cart.RestoreCouponInput{OrderID: in.OrderID})
	}
	if err != nil {
		alarm(ctx, err)
	}
	return paid, err
}

// cancel closes a confirmed order, of which paid and everything else was taken back.
func cancel(ctx workflow.Context, in order.Purchase, paid payment.Payment) (order.State, error) {
	state, err := call(here(ctx), orders.CancelOrder, order.CancelOrderInput{
		OrderID: in.OrderID, UserID: in.UserID, Total: in.Total, PaymentStatus: string(paid.Status),
	})
	workflow.SetCurrentDetails(ctx, "Done: the order is cancelled.")
	return state, err
}

// settled waits until the order's checkout has come to its end, after telling
// it to stop. It also comes back when there is no checkout to wait for: nobody
// could start it, or an operator has terminated it.
func settled(ctx workflow.Context, in order.Purchase) (order.State, error) {
	gone := false
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Minute) {
		state, err := call(here(ctx), orders.ReadState, order.ReadOrderInput{OrderID: in.OrderID})
		if err != nil || gone || state.Status == order.Confirmed || state.Status.Closed() {
			return state, err
		}
		workflow.SetCurrentDetails(ctx, "Waiting for the checkout to stop.")
		// To ask a saga to stop that has ended succeeds; only a signal tells that it is not there.
		_ = workflow.RequestCancelExternalWorkflow(ctx, CheckoutID(in.OrderID), "").Get(ctx, nil)
		heard := workflow.SignalExternalWorkflow(ctx, CheckoutID(in.OrderID), "", PaymentChanged, nil).Get(ctx, nil)
		var unknown *temporal.UnknownExternalWorkflowExecutionError
		if gone = errors.As(heard, &unknown); gone {
			continue // unless it has ended by itself since: the order's state tells
		}
		if err := workflow.Sleep(ctx, wait); err != nil {
			return state, err
		}
	}
}
