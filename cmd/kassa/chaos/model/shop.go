package model

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"

	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/fault"
)

// shop is the services, each with its own memory, which survives its process.
type shop struct {
	w                             *world
	carts                         *place
	orders, stock, pays, provider *place
	placed                        []*purchase
	byID                          map[uuid.UUID]*purchase
	shelf                         map[uuid.UUID]*level
	held                          map[uuid.UUID]*reservation
	payments                      map[uuid.UUID]*paid
	coupons                       *coupons
	bank                          *bank
}

// purchase is an order.
type purchase struct {
	order.Purchase
	status   order.Status
	touched  time.Time
	closed   time.Time
	heldFrom order.Status // what it was before an operator held it
	cancel   bool         // somebody wants it cancelled
	payment  uuid.UUID    // that confirmed it
	told     order.Status // what the customer was told
	customer customer
	goods
}

// An operation is what a service does, at once or in steps.
type operation func(in any, alive func() bool, done func(any, error))

// atOnce is an operation of one transaction.
func atOnce[In, Out any](do func(In) (Out, error)) operation {
	return func(in any, _ func() bool, done func(any, error)) { done(do(in.(In))) }
}

// operations are those that sagas call, and where they happen.
func (s *shop) operation(name string) (*place, operation) {
	switch name {
	case "RedeemCoupon":
		return s.carts, atOnce(s.redeemCoupon)
	case "RestoreCoupon":
		return s.carts, atOnce(s.restoreCoupon)
	case "ReserveStock":
		return s.stock, atOnce(s.reserveStock)
	case "ReleaseStock":
		return s.stock, atOnce(s.releaseStock)
	case "ShipStock":
		return s.stock, atOnce(s.shipStock)
	case "RestockReturn":
		return s.stock, atOnce(s.restockReturn)
	case "ListHeldReservations":
		return s.stock, atOnce(s.listHeld)
	case "AuthorizePayment":
		return s.pays, s.authorizePayment
	case "VoidPayment":
		return s.pays, s.voidPayment
	case "CapturePayment":
		return s.pays, s.capturePayment
	case "ReadCapture":
		return s.pays, atOnce(s.readCapture)
	case "RefundPayment":
		return s.pays, s.refundPayment
	case "ResolvePayment":
		return s.pays, s.resolvePayment
	case "ListUnsettledPayments":
		return s.pays, atOnce(s.listUnsettledPayments)
	case "ListOpenPayments":
		return s.pays, atOnce(s.listOpenPayments)
	case "AwaitPayment":
		return s.orders, atOnce(func(in order.AwaitPaymentInput) (order.State, error) {
			return s.move(in.OrderID, order.AwaitingPayment, in.PaymentID, order.Pending)
		})
	case "ConfirmOrder":
		return s.orders, atOnce(func(in order.ConfirmOrderInput) (order.State, error) {
			from := []order.Status{order.Pending, order.AwaitingPayment, order.InReview}
			if s.w.broken == UnguardedConfirm {
				from = append(from, order.Rejected, order.Cancelled)
			}
			state, err := s.move(in.OrderID, order.Confirmed, in.PaymentID, from...)
			if err == nil && state.Status == order.Confirmed {
				s.w.live(s.byID[in.OrderID], in.PaymentStatus)
			}
			return state, err
		})
	case "RejectOrder":
		return s.orders, atOnce(func(in order.RejectOrderInput) (order.State, error) {
			return s.move(in.OrderID, order.Rejected, uuid.Nil, order.Pending, order.AwaitingPayment, order.InReview, order.Held)
		})
	case "CancelOrder":
		return s.orders, atOnce(func(in order.CancelOrderInput) (order.State, error) {
			return s.move(in.OrderID, order.Cancelled, uuid.Nil, order.Confirmed, order.PartiallyRefunded)
		})
	case "MarkShipped":
		return s.orders, atOnce(s.markShipped)
	case "MarkDelivered":
		return s.orders, atOnce(s.markDelivered)
	case "FailShipment":
		return s.orders, atOnce(s.failShipment)
	case "CompleteRefund":
		return s.orders, atOnce(s.completeRefund)
	case "FailRefund":
		return s.orders, atOnce(s.failRefund)
	case "PlanReturnRefund":
		return s.orders, atOnce(s.planReturnRefund)
	case "ReadReturnState":
		return s.orders, atOnce(s.readReturnState)
	case "ExpireReturn":
		return s.orders, atOnce(s.expireReturn)
	case "CompleteReturn":
		return s.orders, atOnce(s.completeReturn)
	case "StartReview":
		return s.orders, atOnce(func(in order.StartReviewInput) (order.State, error) {
			return s.move(in.OrderID, order.InReview, in.PaymentID, order.Pending, order.AwaitingPayment)
		})
	case "HoldOrder", "ResumeOrder", "ApproveOrder", "RetryOrder":
		return s.orders, atOnce(func(in order.Intervention) (order.State, error) { return s.intervene(name, s.byID[in.OrderID]) })
	case "ReadState":
		return s.orders, atOnce(func(in order.ReadOrderInput) (order.State, error) { return s.byID[in.OrderID].state(), nil })
	case "NeedAttention":
		return s.orders, atOnce(func(in order.NeedAttentionInput) (order.State, error) { return s.byID[in.OrderID].state(), nil })
	case "ListUnsettledOrders":
		return s.orders, atOnce(s.listUnsettledOrders)
	case "ListClosedOrders":
		return s.orders, atOnce(s.listClosedOrders)
	}
	return nil, nil
}

// call is an operation as a saga calls it: with its errors as Temporal has them.
func (w *world) call(name string, in any, within time.Duration, then func(any, error)) {
	at, do := w.shop.operation(name)
	if do == nil {
		w.wrong = append(w.wrong, "the model has no operation "+name)
		return
	}
	if w.broken.skips(name, in, w.shop) {
		do = func(_ any, _ func() bool, done func(any, error)) { done(nil, nil) }
	}
	w.ask(name, at, within, func(alive func() bool, done func(any, error)) {
		do(in, alive, func(out any, err error) {
			w.tell("%s: %v", name, outcome(out, err))
			done(out, err)
		})
	}, func(out any, err error, known bool) {
		if !known {
			err = fault.ErrUnavailable
		}
		then(out, failure(err))
	})
}

func outcome(out any, err error) any {
	if err != nil {
		return fault.Of(err).Reason
	}
	switch out := out.(type) {
	case order.ReturnState:
		return out.Status
	case order.Restored:
		return out.Status
	case order.Restitution:
		return out.Amount
	case order.Unshipped:
		return out.Refund.Amount
	case order.State:
		return out.Status
	case payment.Payment:
		return out.Status
	}
	return "done"
}

// failure writes a fault as Temporal has it.
func failure(err error) error {
	if err == nil {
		return nil
	}
	f := fault.Of(err)
	return temporal.NewApplicationErrorWithOptions(f.Message, f.Reason, temporal.ApplicationErrorOptions{
		NonRetryable: !f.Code.Retryable(), Details: []any{f.Report()},
	})
}

// final reports whether err is a service's no.
func final(err error) bool {
	var refusal *temporal.ApplicationError
	return errors.As(err, &refusal) && refusal.NonRetryable()
}

func (p *purchase) state() order.State { return order.State{OrderID: p.OrderID, Status: p.status} }

// move is the guarded step of an order.
func (s *shop) move(id uuid.UUID, to order.Status, by uuid.UUID, from ...order.Status) (order.State, error) {
	switch p := s.byID[id]; {
	case slices.Contains(from, p.status):
		p.status, p.touched = to, s.w.now
		if to == order.Confirmed {
			p.payment = by
		}
		if to.Closed() {
			p.closed = s.w.now
		}
		return p.state(), nil
	case p.status == to, to == order.Confirmed && p.status.Bought():
		return p.state(), nil
	case p.status.Closed():
		return order.State{}, order.ErrOrderClosed
	default:
		return order.State{}, order.ErrIllegalStep
	}
}

// intervene is what an operator does to an order, by way of its saga.
func (s *shop) intervene(operation string, p *purchase) (order.State, error) {
	switch was := p.status; {
	case operation == "HoldOrder" && (was == order.Pending || was == order.AwaitingPayment || was == order.InReview):
		p.heldFrom, p.status, p.touched = was, order.Held, s.w.now
	case operation == "HoldOrder" && was != order.Held:
		return order.State{}, order.ErrNotUnderway
	case operation == "ResumeOrder" && was == order.Held:
		p.status, p.touched = p.heldFrom, s.w.now
	case operation == "ApproveOrder" && was != order.InReview:
		return order.State{}, order.ErrNotInReview
	}
	return p.state(), nil
}

func (s *shop) listUnsettledOrders(in order.ListUnsettledInput) (out order.Unsettled, _ error) {
	for _, p := range s.placed {
		switch {
		case p.status.Closed() || !p.touched.Before(in.Before):
		case p.cancel:
			out.Cancels = append(out.Cancels, p.Purchase)
		case !p.status.Settled():
			out.Checkouts = append(out.Checkouts, p.Purchase)
		}
		p.listUnsettled(in, &out)
	}
	return out, nil
}

func (s *shop) listClosedOrders(in order.ListClosedInput) (out order.ClosedOrders, _ error) {
	for _, p := range s.placed {
		if p.status.Closed() && !p.closed.Before(in.Since) && p.closed.Before(in.Before) {
			out.Orders = append(out.Orders, p.OrderID)
		}
	}
	return out, nil
}
