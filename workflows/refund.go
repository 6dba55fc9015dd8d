package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/fault"
)

// RefundID is the workflow id of a refund.
func RefundID(refundID interface{ String() string }) string { return "refund/" + refundID.String() }

// Refund gives a part of an order's money back, or all of it. The order service
// has claimed the amount; a refund that the payment service refuses is an
// ordinary end, and the claim is let go.
func Refund(ctx workflow.Context, in order.Restitution) (order.State, error) {
	ctx = forOrder(ctx, in.OrderID)
	state, err := giveBack(ctx, in)
	if errors.Is(err, errRefundRefused) {
		return state, nil
	}
	return state, err
}

// errRefundRefused is a refund that came to nothing.
var errRefundRefused = fault.New(fault.Declined, "refund_refused", "The money could not be given back.")

// giveBack gives the money back and records it. None of its steps can be given
// up on: from the first one on nobody but the payment service knows whether the
// money has gone.
func giveBack(ctx workflow.Context, in order.Restitution) (order.State, error) {
	workflow.SetCurrentDetails(ctx, "Giving the money back.")
	_, err := call(definitely(ctx, payment.Queue), payments.RefundPayment, payment.RefundPaymentInput{
		OrderID: in.OrderID, RefundID: in.RefundID, Amount: in.Amount,
	})
	if err != nil {
		why := fault.Of(err)
		state, failed := call(here(ctx), orders.FailRefund, order.FailRefundInput{OrderID: in.OrderID, RefundID: in.RefundID, Reason: why.Reason})
		if failed != nil {
			alarm(ctx, failed)
			return state, failed
		}
		workflow.SetCurrentDetails(ctx, "Done: nothing was given back. "+why.Message)
		return state, errRefundRefused.Because(err)
	}

	// The point of no return: the money has gone.
	done, err := call(here(ctx), orders.CompleteRefund, order.CompleteRefundInput{OrderID: in.OrderID, RefundID: in.RefundID})
	if err == nil && done.Release {
		workflow.SetCurrentDetails(ctx, "All of the money is back. Giving free the stock that will not be shipped.")
		_, err = call(definitely(ctx, inventory.Queue), stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: in.OrderID})
	}
	if err != nil {
		alarm(ctx, err)
		return done.State, err
	}
	workflow.SetCurrentDetails(ctx, "Done: the money is back.")
	return done.State, nil
}
