package orderapi

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/money"
	"kassa/workflows"
)

// RefundRequest says what goes back: an amount, or pieces, or, with neither,
// everything that has not gone back yet.
type RefundRequest struct {
	Amount   *money.Money      `json:"amount,omitempty" doc:"How much. It is divided over lines, shipping and tax in proportion to what is left of them."`
	Lines    []order.PieceLine `json:"lines,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"Pieces, at the price they were sold at with their share of discount and tax. Not together with amount."`
	Shipping bool              `json:"shipping,omitempty" doc:"With lines: what is left of the shipping too." example:"false"`
	Reason   string            `json:"reason,omitempty" maxLength:"500" doc:"Shown in the timeline." example:"A cup arrived broken."`
}

type refundInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Payment id." example:"0199f3c2-8c22-7d55-9d0e-5b8a3f4f7a11"`
	Prefer string    `header:"Prefer" doc:"wait=N: answer after at most N seconds (0 to 30; 10 by default)." example:"wait=10"`
	Body   RefundRequest
}

type refundOutput struct {
	Status     int
	Location   string `header:"Location" doc:"Where the order is."`
	RetryAfter string `header:"Retry-After" doc:"On 202: seconds after which to look again."`
	Body       order.Refund
}

// errAmountOrLines is a refund that asks for two things.
var errAmountOrLines = fault.New(fault.Invalid, "amount_or_lines", "Give an amount or lines, not both.")

func registerRefunds(a *httpapi.API, desk *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "refund-payment", Method: "POST", Path: "/v1/payments/{id}/refund", Tag: "Payments", Summary: "Give money back",
		Description: "All refunds of an order together are never more than what was taken. When all of it has gone back, what was not shipped " +
			"goes back on sale. 201 when the money is back; 202 while that is under way; 409 refund_failed when it cannot go back this way.",
		Access: httpapi.Support, Key: httpapi.RequiredKey, Status: 201, MayAccept: true, ResponseExample: exampleRefund,
		Errors: []*fault.Error{
			errPaymentNotFound, order.ErrLineNotFound, order.ErrNotRefundable, order.ErrRefundExceeds, order.ErrRefundUnderway, order.ErrShipmentBusy, order.ErrRefundFailed, errAmountOrLines, errEngineOut,
		},
	}, func(ctx context.Context, in *refundInput) (*refundOutput, error) {
		return desk.refundPayment(ctx, in.ID, in.Body, httpapi.Wait(in.Prefer, 10*time.Second))
	})
}

// errPaymentNotFound is the payment service's own word.
var errPaymentNotFound = fault.New(fault.NotFound, "payment_not_found", "There is no such payment.")

func (d *Desk) refundPayment(ctx context.Context, paymentID uuid.UUID, in RefundRequest, wait time.Duration) (*refundOutput, error) {
	if in.Amount != nil && len(in.Lines) > 0 {
		return nil, errAmountOrLines
	}
	paid, err := d.orders.ReadOrderOfPayment(ctx, order.ReadOrderOfPaymentInput{PaymentID: paymentID})
	if fault.Of(err).Code == fault.NotFound {
		return nil, errPaymentNotFound
	}
	if err != nil {
		return nil, err
	}
	return d.refund(ctx, paid.OrderID, in, wait)
}

// refund plans a refund, starts its saga and waits until the money is back.
func (d *Desk) refund(ctx context.Context, orderID uuid.UUID, in RefundRequest, wait time.Duration) (*refundOutput, error) {
	if err := d.sagas.available(); err != nil {
		return nil, err
	}
	asker, _ := identity.From(ctx)
	back, err := d.orders.PlanRefund(ctx, order.PlanRefundInput{
		RefundID: keyedID(ctx, "refund-payment"), OrderID: orderID, Amount: in.Amount, Lines: in.Lines, Shipping: in.Shipping, Why: in.Reason, Actor: asker.UserID.String(),
	})
	if err != nil {
		return nil, err
	}
	begin := beginning{
		id: workflows.RefundID(back.RefundID), summary: "Refund of " + back.Amount.String() + " for order " + orderID.String(),
		workflow: workflows.Refund, input: back, userID: back.UserID, total: back.Total,
	}
	var refund order.Refund
	err = d.sagas.run(ctx, orderID, begin, wait, func(ctx context.Context) (bool, error) {
		refund, err = d.orders.ReadRefund(ctx, order.ReadRefundInput{RefundID: back.RefundID})
		return refund.Status != "requested", err
	})
	if err != nil {
		return nil, err
	}
	out := &refundOutput{Status: 201, Location: "/api/v1/orders/" + orderID.String(), Body: refund}
	switch refund.Status {
	case "requested":
		out.Status, out.RetryAfter = 202, "1"
	case "failed":
		return nil, order.ErrRefundFailed.With("reason", refund.Reason)
	}
	return out, nil
}
