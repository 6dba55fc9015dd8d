package orderapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

type orderPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
}

// CancelRequest says why an order is to be cancelled.
type CancelRequest struct {
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"Shown in the timeline." example:"ordered twice"`
}

type cancelInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Order id." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Prefer string    `header:"Prefer" doc:"wait=N: answer after at most N seconds (0 to 30; 10 by default)." example:"wait=10"`
	Body   CancelRequest
}

// errKnownReason is what a client may see as the code of a rejected checkout
// beyond the faults of the order service itself.
var errKnownReason = []*fault.Error{
	fault.New(fault.Declined, "out_of_stock", "Some items are no longer in stock."),
	fault.New(fault.PaymentDeclined, "card_declined", "The payment was declined. Please use another payment method."),
	fault.New(fault.Declined, "checkout_timed_out", "The order could not be completed in time. Nothing was charged."),
	fault.New(fault.Invalid, "unknown_variant", "There is no such variant."),
	fault.New(fault.Conflict, "cart_empty", "The cart is empty."),
	fault.New(fault.Invalid, "coupon_unknown", "There is no such coupon."),
	fault.New(fault.Declined, "coupon_expired", "This coupon cannot be used any more."),
	fault.New(fault.Declined, "coupon_exhausted", "This coupon has been used as often as it can be."),
	fault.New(fault.Declined, "coupon_minimum", "This coupon is for larger orders."),
}

// errLinesRequired is an order that does not say what is wanted.
var errLinesRequired = fault.New(fault.Invalid, "lines_required", "Say what to buy. Only a checkout takes the cart.")

// Register adds the operations of the order service to a.
func Register(a *httpapi.API, orders *order.Service, sagas *Sagas, desk *Desk) {
	errs := append([]*fault.Error{
		order.ErrPriceChanged, order.ErrNothingToPay, order.ErrKeyReused, order.ErrPaymentExpired, order.ErrOrderCancelled, order.ErrOrderDeclined, order.ErrCartOrdered, errEngineOut,
	}, errKnownReason...)
	cancelErrs := []*fault.Error{order.ErrOrderNotFound, order.ErrOrderClosed, order.ErrShipmentBegun, order.ErrRefundUnderway, errEngineOut}
	const story = "Reserves the stock, takes the money and confirms, or undoes everything. " +
		"201 when the order is confirmed; 402 or 409 when it came to nothing; 202 while it runs or waits for the customer (status awaiting_payment, action_url). " +
		"The same Idempotency-Key and body always lead to the same order."
	httpapi.Register(a, httpapi.Operation{
		ID: "checkout", Method: "POST", Path: "/v1/checkout", Tag: "Orders", Summary: "Buy", Description: story,
		Access: httpapi.Customer, Key: httpapi.OwnKey, Status: 201, MayAccept: true, Errors: errs, ResponseExample: exampleOrder,
	}, func(ctx context.Context, in *checkoutInput) (*orderOutput, error) {
		return desk.checkout(ctx, "checkout", in)
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "create-order", Method: "POST", Path: "/v1/orders", Tag: "Orders", Summary: "Buy explicit lines", Description: story,
		Access: httpapi.Customer, Key: httpapi.OwnKey, Status: 201, MayAccept: true, Errors: append(errs, errLinesRequired), ResponseExample: exampleOrder,
	}, func(ctx context.Context, in *checkoutInput) (*orderOutput, error) {
		if len(in.Body.Lines) == 0 {
			return nil, errLinesRequired
		}
		return desk.checkout(ctx, "create-order", in)
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "read-order", Method: "GET", Path: "/v1/orders/{id}", Tag: "Orders", Summary: "Read an order",
		Access: httpapi.Customer, ResponseExample: exampleOrder, Errors: []*fault.Error{order.ErrOrderNotFound},
	}, func(ctx context.Context, in *orderPath) (*orderOutput, error) {
		o, err := orders.ReadOrder(ctx, order.ReadOrderInput{OrderID: in.ID, UserID: onlyOf(ctx)})
		if err != nil {
			return nil, err
		}
		return shape(o), nil
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "cancel-order", Method: "POST", Path: "/v1/orders/{id}/cancel", Tag: "Orders", Summary: "Cancel an order",
		Description: "Gives the money and the stock back. A checkout under way is stopped and undone. 200 when it is done; 202 while it runs.",
		Access:      httpapi.Customer, Key: httpapi.RequiredKey, MayAccept: true, ResponseExample: exampleCancelled, Errors: cancelErrs,
	}, func(ctx context.Context, in *cancelInput) (*orderOutput, error) { return desk.cancel(ctx, in) })
	registerLists(a, orders)
	registerHistory(a, orders, desk)
	registerFulfilments(a, desk)
	registerReturns(a, desk)
	registerRefunds(a, desk)
	registerStatus(a, desk)
	registerOperators(a, desk)
	registerInvoice(a, orders, desk)
}

// cancel asks for the end of an order and waits for it.
func (d *Desk) cancel(ctx context.Context, in *cancelInput) (*orderOutput, error) {
	return d.cancelOrder(ctx, in.ID, in.Body.Reason, httpapi.Wait(in.Prefer, 10*time.Second))
}

func (d *Desk) cancelOrder(ctx context.Context, orderID uuid.UUID, reason string, wait time.Duration) (*orderOutput, error) {
	asker, _ := identity.From(ctx)
	o, err := d.orders.RequestCancel(ctx, order.RequestCancelInput{OrderID: orderID, UserID: onlyOf(ctx), Actor: asker.UserID.String(), Reason: reason})
	if err != nil {
		return nil, err
	}
	if !o.Status.Closed() {
		if o, err = d.sagas.cancel(ctx, o, wait); err != nil {
			return nil, err
		}
	}
	out := shape(o)
	if !o.Status.Closed() {
		out.Status, out.RetryAfter, out.Location = 202, "1", "/api/v1/orders/"+o.ID.String()
	}
	return out, nil
}

// onlyOf limits a customer to their own orders; support and admin see all.
func onlyOf(ctx context.Context) *uuid.UUID {
	asker, _ := identity.From(ctx)
	if asker.Role.Includes(identity.Support) {
		return nil
	}
	return &asker.UserID
}
