package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"kassa/activities/analytics"
	"kassa/activities/cart"
	"kassa/activities/notification"
	"kassa/activities/order"
	"kassa/activities/user"
)

// forgetAgain is how long Erase waits before it looks again at orders that
// still needed their address. A variable for the recorder of histories alone,
// which cannot wait so long.
var forgetAgain = 24 * time.Hour

// Erasure counts what an Erase left of a person's orders.
type Erasure struct {
	Orders int64 `json:"orders"` // that stay, without name and address
}

// EraseID is the workflow id of a person's erasure.
func EraseID(userID interface{ String() string }) string { return "erase/" + userID.String() }

// Erase forgets a person: cart, messages and behaviour are deleted, their
// orders lose name and address, and the account goes last. An order that is
// still to be delivered keeps its address until it is; the account does not
// wait for it.
func Erase(ctx workflow.Context, in user.EraseUserInput) (done Erasure, err error) {
	workflow.SetCurrentDetails(ctx, "Forgetting the person, service by service.")
	if err = forget(ctx, cart.Queue, carts.ForgetCartOwner, cart.ForgetCartOwnerInput{UserID: in.UserID}); err != nil {
		return done, err
	}
	if err = forget(ctx, notification.Queue, notices.ForgetRecipient, notification.ForgetRecipientInput{UserID: in.UserID}); err != nil {
		return done, err
	}
	if err = forget(ctx, analytics.Queue, visitors.ForgetVisitor, analytics.ForgetVisitorInput{UserID: in.UserID}); err != nil {
		return done, err
	}
	left, err := call(here(ctx), orders.ForgetCustomer, order.ForgetCustomerInput{UserID: in.UserID})
	if err != nil {
		return done, err
	}
	done.Orders = left.Orders
	if err = forget(ctx, user.Queue, users.EraseUser, in); err != nil {
		return done, err
	}
	for left.Open > 0 {
		workflow.SetCurrentDetails(ctx, "The account is erased. Orders on their way keep their address until they have arrived.")
		if err = workflow.Sleep(ctx, forgetAgain); err != nil {
			return done, err
		}
		if left, err = call(here(ctx), orders.ForgetCustomer, order.ForgetCustomerInput{UserID: in.UserID}); err != nil {
			return done, err
		}
		done.Orders += left.Orders
	}
	workflow.SetCurrentDetails(ctx, "Done: the person is forgotten.")
	return done, nil
}

// forget is a step of Erase, of which only matters that it has happened.
func forget[In, Out any](ctx workflow.Context, queue string, op func(context.Context, In) (Out, error), in In) error {
	_, err := call(definitely(ctx, queue), op, in)
	return err
}
