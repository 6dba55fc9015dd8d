package workflows

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/fault"
)

// PaymentChanged is the signal that tells a checkout to look at its payment.
// It is a hint: what matters is in the payment service's tables.
const PaymentChanged = "payment-changed"

// authenticateWithin is how long a customer has to satisfy the bank, unless the
// payment says otherwise.
const authenticateWithin = 15 * time.Minute

// errTimedOut rejects an order for which a service gave no answer in time.
var errTimedOut = fault.New(fault.Declined, "checkout_timed_out", "The order could not be completed in time. Nothing was charged.")

// CheckoutID is the workflow id of an order's checkout.
func CheckoutID(orderID interface{ String() string }) string { return "checkout/" + orderID.String() }

// Checkout leads a placed order to confirmed, or undoes everything and rejects
// it. Its result is where the order stands: a card that is declined is an
// ordinary end, not a failure of the saga. A cancelled checkout ends as such.
func Checkout(ctx workflow.Context, in order.Purchase) (order.State, error) {
	ctx = forOrder(ctx, in.OrderID)
	who, err := listen(ctx)
	if err != nil {
		return order.State{}, err
	}
	defer who.leave(ctx)
	state, err := buy(ctx, in, who)
	if err != nil {
		return reject(ctx, in, err, who.rejects)
	}
	return state, nil
}

// buy reserves, takes the money and confirms. If it fails, all is undone.
func buy(ctx workflow.Context, in order.Purchase, who *operator) (state order.State, err error) {
	s := saga{nudged: &who.nudged}
	defer s.settle(ctx, &err)
	if err = who.pass(ctx); err != nil {
		return state, err
	}

	if in.Coupon != "" {
		workflow.SetCurrentDetails(ctx, "Redeeming the coupon.")
		otherwise(&s, cart.Queue, carts.RestoreCoupon, cart.RestoreCouponInput{OrderID: in.OrderID})
		_, err = call(at(ctx, cart.Queue), carts.RedeemCoupon, redemption(in))
		if errors.Is(err, cart.ErrCouponExhausted) || errors.Is(err, cart.ErrCouponExpired) || errors.Is(err, cart.ErrCouponUnknown) {
			return state, err
		}
	}

	workflow.SetCurrentDetails(ctx, "Reserving the stock.")
	otherwise(&s, inventory.Queue, stock.ReleaseStock, inventory.ReleaseStockInput{OrderID: in.OrderID})
	if err == nil {
		_, err = call(at(ctx, inventory.Queue), stock.ReserveStock, reservation(in))
	}
	if errors.Is(err, inventory.ErrOutOfStock) {
		return state, err
	}

	// Those are the first words on an order; no other answer surely is. What
	// a worker did just before it died, Temporal has not heard of, and an operator
	// can reset a saga. So the payment may have been asked for already, and the
	// order even be confirmed.
	otherwise(&s, payment.Queue, payments.VoidPayment, payment.VoidPaymentInput{OrderID: in.OrderID})
	defer func() { state, err = unlessConfirmed(ctx, in, state, err) }()
	if err != nil {
		return state, err
	}

	if err = who.pass(ctx); err != nil {
		return state, err
	}
	workflow.SetCurrentDetails(ctx, "Waiting for the payment provider.")
	paid, err := call(at(ctx, payment.Queue), payments.AuthorizePayment, authorization(in))
	if err == nil && paid.Status == payment.StatusRequiresAction {
		if err = who.pass(ctx); err == nil {
			paid, err = authenticate(ctx, in, who, paid)
		}
	}
	if err == nil {
		err = who.pass(ctx)
	}
	if err == nil {
		err = who.review(ctx, in, paid)
	}
	if err != nil {
		return state, err
	}

	// The point of no return: from here on the purchase is only ever completed.
	// ConfirmOrder neither gives up nor listens to a cancellation. All that could
	// refuse it is an order closed behind the saga's back, and then money and
	// stock must go back: so the undos stay until it has answered.
	workflow.SetCurrentDetails(ctx, "Confirming the order.")
	state, err = call(here(ctx), orders.ConfirmOrder, order.ConfirmOrderInput{
		OrderID: in.OrderID, UserID: in.UserID, Total: in.Total, PaymentID: paid.ID, PaymentStatus: string(paid.Status),
	})
	if err != nil {
		return state, err
	}
	s.commit()
	workflow.SetCurrentDetails(ctx, "Done: the order is confirmed.")
	return state, nil
}

// unlessConfirmed looks, before anything is undone, whether an earlier run has
// confirmed the order, which may have been shipped since. Then the purchase is
// complete, whatever this run met with.
func unlessConfirmed(ctx workflow.Context, in order.Purchase, state order.State, err error) (order.State, error) {
	if err == nil {
		return state, nil
	}
	now, unread := call(here(ctx), orders.ReadState, order.ReadOrderInput{OrderID: in.OrderID})
	if unread == nil && (now.Status == order.Confirmed || now.Status.Bought() &&
		workflow.GetVersion(ctx, "nothing bought is undone", workflow.DefaultVersion, 1) > workflow.DefaultVersion) {
		workflow.SetCurrentDetails(ctx, "Done: the order was confirmed before.")
		return now, nil
	}
	return state, err
}

// authenticate waits until the customer has satisfied the bank (3-D Secure),
// has failed to, or has let the time run out. With another means of payment that
// needs another time, it begins anew.
func authenticate(ctx workflow.Context, in order.Purchase, who *operator, paid payment.Payment) (payment.Payment, error) {
	awaits := paid.AwaitSeconds // what the timer is set for; a look may find it unsaid meanwhile
	within, details := authenticateWithin, "Waiting for the customer to authenticate the payment with the bank (at most 15 minutes)."
	if paid.AwaitSeconds > 0 {
		within = time.Duration(paid.AwaitSeconds) * time.Second
		details = fmt.Sprintf("Waiting for the customer to pay (at most %s).", within)
	}
	_, err := call(here(ctx), orders.AwaitPayment, awaiting(in, paid))
	if err != nil {
		return paid, err
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueSet(string(order.AwaitingPayment))); err != nil {
		return paid, err
	}
	defer func() { _ = workflow.UpsertTypedSearchAttributes(ctx, OrderState.ValueUnset()) }()
	workflow.SetCurrentDetails(ctx, details)

	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	expired := false
	next := workflow.NewSelector(ctx)
	next.AddReceive(workflow.GetSignalChannel(ctx, PaymentChanged), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
	next.AddReceive(who.bell, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
	next.AddFuture(workflow.NewTimerWithOptions(timer, within, workflow.TimerOptions{Summary: "the customer's time is up"}),
		func(workflow.Future) { expired = true })
	for {
		if next.Select(ctx); ctx.Err() != nil {
			return paid, ctx.Err()
		}
		if err := who.pass(ctx); err != nil {
			return paid, err
		}
		before := paid
		paid, err = call(at(ctx, payment.Queue), payments.ResolvePayment, payment.ResolvePaymentInput{OrderID: in.OrderID})
		switch {
		case err != nil && expired:
			return paid, order.ErrPaymentExpired.Because(err)
		case err != nil && fault.Of(err).Code.Retryable() && ctx.Err() == nil &&
			workflow.GetVersion(ctx, "wait for a payment service that is silent", workflow.DefaultVersion, 1) > workflow.DefaultVersion:
			paid = before // the customer still has time; the timer or the next signal asks again
		case err != nil:
			return paid, err
		case paid.Status == payment.StatusAuthorized, paid.Status == payment.StatusCaptured:
			return paid, nil
		case paid.Status != payment.StatusRequiresAction && paid.Status != payment.StatusPending && paid.Status != payment.StatusUnknown:
			return paid, payment.ErrCardDeclined.With("decline_code", paid.DeclineCode)
		case paid.Status == payment.StatusRequiresAction && paid.AwaitSeconds != awaits &&
			workflow.GetVersion(ctx, "another time to pay", workflow.DefaultVersion, 1) > workflow.DefaultVersion:
			return authenticate(ctx, in, who, paid) // a transfer takes longer than a card
		case expired:
			return paid, order.ErrPaymentExpired
		case paid.Status == payment.StatusRequiresAction && paid.ActionURL != before.ActionURL &&
			workflow.GetVersion(ctx, "another means of payment", workflow.DefaultVersion, 1) > workflow.DefaultVersion:
			if _, err = call(here(ctx), orders.AwaitPayment, awaiting(in, paid)); err != nil {
				return paid, err
			}
		}
	}
}

func awaiting(in order.Purchase, paid payment.Payment) order.AwaitPaymentInput {
	return order.AwaitPaymentInput{OrderID: in.OrderID, UserID: in.UserID, Total: in.Total, PaymentID: paid.ID, ActionURL: paid.ActionURL}
}

// reject closes the order after its saga has undone everything. Should a worker
// that Temporal believes dead have confirmed it meanwhile, it is cancelled.
// by is the intervention of the operator who wanted it so, if somebody did.
func reject(ctx workflow.Context, in order.Purchase, err error, by *uuid.UUID) (order.State, error) {
	why := fault.Of(err)
	switch {
	case temporal.IsCanceledError(err):
		why = order.ErrOrderCancelled
	case why.Code.Retryable(),
		errors.Is(err, cart.ErrCouponRestored), errors.Is(err, inventory.ErrReservationReleased), errors.Is(err, payment.ErrPaymentVoided): // undone by a run before; its reason is lost
		why = errTimedOut.Because(err)
	}
	workflow.SetCurrentDetails(ctx, "Everything is undone. Rejecting the order.")
	state, failed := call(here(ctx), orders.RejectOrder, order.RejectOrderInput{
		OrderID: in.OrderID, UserID: in.UserID, Total: in.Total,
		Code: why.Code, Reason: why.Reason, Message: why.Message, Details: why.Details, By: by,
	})
	switch {
	case errors.Is(failed, order.ErrIllegalStep):
		paid, failed := takeBack(ctx, in) // once more, for the payment's status
		if failed != nil {
			return state, failed
		}
		return cancel(ctx, in, paid)
	case errors.Is(failed, order.ErrOrderClosed): // an operator has reset the saga of a cancelled order
		return call(here(ctx), orders.ReadState, order.ReadOrderInput{OrderID: in.OrderID})
	case failed != nil:
		alarm(ctx, failed)
		return state, failed
	}
	workflow.SetCurrentDetails(ctx, "Done: the order is rejected. "+why.Message)
	if temporal.IsCanceledError(err) {
		return state, err
	}
	return state, nil
}

func redemption(in order.Purchase) cart.RedeemCouponInput {
	return cart.RedeemCouponInput{OrderID: in.OrderID, UserID: in.UserID, Code: in.Coupon, Discount: *in.Discount}
}

func reservation(in order.Purchase) inventory.ReserveStockInput {
	return inventory.ReserveStockInput{OrderID: in.OrderID, Lines: stockLines(in.Items)}
}

func authorization(in order.Purchase) payment.AuthorizePaymentInput {
	return payment.AuthorizePaymentInput{
		OrderID: in.OrderID, UserID: in.UserID, Amount: in.Total,
		PaymentMethod: in.PaymentMethod, Capture: payment.CaptureMode(in.Capture),
	}
}
