package order

import (
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/sql/orderdb"
)

// saga is the actor of every step that the checkout and cancel sagas take.
const saga = "saga"

// AwaitPaymentInput says where the customer must authenticate the payment.
type AwaitPaymentInput struct {
	OrderID   uuid.UUID   `json:"order_id"`
	UserID    uuid.UUID   `json:"user_id"`
	Total     money.Money `json:"total"`
	PaymentID uuid.UUID   `json:"payment_id"`
	ActionURL string      `json:"action_url"`
}

// AwaitPayment records that the customer must do something, mostly that the
// bank wants to hear from them. Where they must go may change while they are
// waited for.
func (s *Service) AwaitPayment(ctx context.Context, in AwaitPaymentInput) (State, error) {
	state, err := s.take(ctx, in.OrderID, AwaitingPayment, events.Order{UserID: in.UserID, Total: in.Total}, step{
		event: events.OrderAwaitingPayment, from: []Status{Pending}, actor: saga,
		change: change{
			Status: pointer(AwaitingPayment), PaymentStatus: pointer("requires_action"),
			PaymentID: &in.PaymentID, ActionURL: unlessEmpty(in.ActionURL),
		},
	})
	if err != nil || state.actionURL == in.ActionURL {
		return state, err
	}
	row, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		if Status(o.Status) != AwaitingPayment || orEmpty(o.ActionUrl) == in.ActionURL {
			return o, nil
		}
		return forward(ctx, q, o, events.Order{}, step{
			event: events.OrderPaymentChanged, actor: saga,
			change: change{PaymentID: &in.PaymentID, ActionURL: unlessEmpty(in.ActionURL)},
		})
	})
	return stateOf(row), err
}

// ConfirmOrderInput says which payment covers the order.
type ConfirmOrderInput struct {
	OrderID       uuid.UUID   `json:"order_id"`
	UserID        uuid.UUID   `json:"user_id"`
	Total         money.Money `json:"total"`
	PaymentID     uuid.UUID   `json:"payment_id"`
	PaymentStatus string      `json:"payment_status"` // authorized or captured
}

// ConfirmOrder makes the purchase binding. Confirming twice is confirming once;
// a closed order answers ErrOrderClosed.
func (s *Service) ConfirmOrder(ctx context.Context, in ConfirmOrderInput) (State, error) {
	at := now()
	return s.take(ctx, in.OrderID, Confirmed, events.Order{UserID: in.UserID, Total: in.Total, Payment: &in.PaymentID}, step{
		event: events.OrderConfirmed, from: []Status{Pending, AwaitingPayment, InReview}, actor: saga,
		change: change{
			Status: pointer(Confirmed), PaymentStatus: &in.PaymentStatus, PaymentID: &in.PaymentID, ConfirmedAt: &at,
		},
	})
}

// RejectOrderInput says why the purchase came to nothing.
type RejectOrderInput struct {
	OrderID uuid.UUID      `json:"order_id"`
	UserID  uuid.UUID      `json:"user_id"`
	Total   money.Money    `json:"total"`
	Code    fault.Code     `json:"code"`
	Reason  string         `json:"reason"`
	Message string         `json:"message"`           // what the customer is told
	Details map[string]any `json:"details,omitempty"` // and shown
	By      *uuid.UUID     `json:"by,omitempty"`      // the intervention of an operator who rejected it; nil when nobody did
}

// RejectOrder closes an order that was never confirmed, after everything its
// saga had done was undone. Rejecting twice is rejecting once.
func (s *Service) RejectOrder(ctx context.Context, in RejectOrderInput) (State, error) {
	at := now()
	told := maps.Clone(in.Details)
	if told == nil {
		told = map[string]any{}
	}
	told["message"] = in.Message
	actor, about, err := s.askedBy(ctx, in.By)
	if err != nil {
		return State{}, err
	}
	return s.take(ctx, in.OrderID, Rejected, events.Order{UserID: in.UserID, Total: in.Total, Reason: in.Reason}, step{
		event: events.OrderRejected, from: underway, actor: actor,
		change: change{
			About:  about,
			Status: pointer(Rejected), PaymentStatus: pointer("none"),
			Fault: pointer(string(in.Code)), Reason: &in.Reason, Details: document(told), ClosedAt: &at,
		},
	})
}

// CancelOrderInput closes a confirmed order.
type CancelOrderInput struct {
	OrderID       uuid.UUID   `json:"order_id"`
	UserID        uuid.UUID   `json:"user_id"`
	Total         money.Money `json:"total"`
	PaymentStatus string      `json:"payment_status"` // voided or refunded
}

// CancelOrder closes a confirmed order, after its money and its stock went
// back. Cancelling twice is cancelling once.
func (s *Service) CancelOrder(ctx context.Context, in CancelOrderInput) (State, error) {
	at := now()
	return s.take(ctx, in.OrderID, Cancelled, events.Order{UserID: in.UserID, Total: in.Total}, step{
		event: events.OrderCancelled, from: []Status{Confirmed, PartiallyRefunded}, actor: saga,
		change: change{Status: pointer(Cancelled), PaymentStatus: &in.PaymentStatus, ClosedAt: &at},
	})
}

// RequestCancelInput asks for the end of an order.
type RequestCancelInput struct {
	OrderID uuid.UUID  `json:"order_id"`
	UserID  *uuid.UUID `json:"user_id,omitempty"` // only when it is this customer's; nil for anybody's
	Actor   string     `json:"actor"`             // user id of who asks
	Reason  string     `json:"reason"`            // their words, shown in the timeline
}

// RequestCancel records that somebody wants the order cancelled; the Cancel
// saga does it. Asking twice is asking once; a rejected order answers
// ErrOrderClosed.
func (s *Service) RequestCancel(ctx context.Context, in RequestCancelInput) (Order, error) {
	_, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		if in.UserID != nil && o.UserID != *in.UserID {
			return o, ErrOrderNotFound
		}
		if o.CancelRequestedAt != nil {
			return o, nil
		}
		if err := cancellable(ctx, q, o); err != nil {
			return o, err
		}
		at := now()
		// Their words may name people: they stay in this database, out of the event.
		return forward(ctx, q, o, events.Order{}, step{
			event: events.OrderCancelRequested, once: true, actor: in.Actor,
			change: change{CancelRequested: &at, Reason: &in.Reason},
		})
	})
	if err != nil {
		return Order{}, err
	}
	return s.ReadOrder(ctx, ReadOrderInput{OrderID: in.OrderID})
}

// cancellable says why an order cannot be cancelled any more.
func cancellable(ctx context.Context, q *orderdb.Queries, o orderdb.Order) error {
	switch status := Status(o.Status); {
	case o.Fulfilment != fulfilNone:
		return ErrShipmentBegun
	case status.Settled() && status != Confirmed && status != PartiallyRefunded:
		return ErrOrderClosed
	}
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return fmt.Errorf("refunds of order %s: %w", o.ID, err)
	}
	for _, refund := range refunds {
		if refund.Status == refundRequested {
			return ErrRefundUnderway
		}
	}
	return nil
}

// take moves an order to a state, or finds it there already.
func (s *Service) take(ctx context.Context, orderID uuid.UUID, to Status, about events.Order, st step) (State, error) {
	row, moved, err := s.move(ctx, orderID, about, st)
	if err != nil || moved {
		return stateOf(row), err
	}
	return s.alreadyIn(ctx, orderID, to)
}

func (s *Service) alreadyIn(ctx context.Context, orderID uuid.UUID, to Status) (State, error) {
	var row orderdb.Order
	err := s.read(ctx, func(q *orderdb.Queries) (err error) {
		row, err = q.GetOrder(ctx, orderID)
		return missing(err)
	})
	switch {
	case err != nil:
		return State{}, err
	case Status(row.Status) == to:
		return stateOf(row), nil
	case to == Confirmed && Status(row.Status).Bought():
		return stateOf(row), nil // and more has happened since
	case Status(row.Status).Closed():
		return State{}, ErrOrderClosed
	default:
		return State{}, ErrIllegalStep
	}
}
