package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// StartReviewInput says that somebody must look at a paid order.
type StartReviewInput struct {
	OrderID       uuid.UUID   `json:"order_id"`
	UserID        uuid.UUID   `json:"user_id"`
	Total         money.Money `json:"total"`
	PaymentID     uuid.UUID   `json:"payment_id"`
	PaymentStatus string      `json:"payment_status"` // authorized or captured
}

// StartReview records that an order waits for somebody's decision.
func (s *Service) StartReview(ctx context.Context, in StartReviewInput) (State, error) {
	return s.take(ctx, in.OrderID, InReview, events.Order{UserID: in.UserID, Total: in.Total}, step{
		event: events.OrderInReview, from: []Status{Pending, AwaitingPayment}, actor: saga,
		change: change{Status: pointer(InReview), PaymentStatus: &in.PaymentStatus, PaymentID: &in.PaymentID},
	})
}

// An Intervention is what an operator asks of an order's saga. Their words stay
// in this service; the saga gets the id.
type Intervention struct {
	ID      uuid.UUID `json:"id"`
	OrderID uuid.UUID `json:"order_id"`
	Kind    string    `json:"kind"` // hold, resume, retry, approve, reject, force_cancel
}

// RecordInterventionInput is an intervention with who asks for it, and why.
type RecordInterventionInput struct {
	Intervention
	Actor  string `json:"actor"`  // user id
	Reason string `json:"reason"` // their words, shown in the timeline
}

// RecordIntervention keeps what an operator asks for, before the saga is told.
func (s *Service) RecordIntervention(ctx context.Context, in RecordInterventionInput) (Intervention, error) {
	err := s.read(ctx, func(q *orderdb.Queries) error {
		if _, err := q.GetOrder(ctx, in.OrderID); err != nil {
			return missing(err)
		}
		return q.InsertIntervention(ctx, orderdb.InsertInterventionParams{ID: in.ID, OrderID: in.OrderID, Kind: in.Kind, Reason: in.Reason, Actor: in.Actor, At: now()})
	})
	return in.Intervention, err
}

// HoldOrder stops an order where it is. Its saga does nothing until it is resumed.
func (s *Service) HoldOrder(ctx context.Context, in Intervention) (State, error) {
	return s.intervene(ctx, in, func(o orderdb.Order) (step, error) {
		switch was := Status(o.Status); was {
		case Pending, AwaitingPayment, InReview:
			return step{event: events.OrderHeld, change: change{Status: pointer(Held), HeldFrom: &was, ActionURL: o.ActionUrl}}, nil
		case Held:
			return step{}, nil
		default:
			return step{}, ErrNotUnderway
		}
	})
}

// ResumeOrder puts a held order back to where it was.
func (s *Service) ResumeOrder(ctx context.Context, in Intervention) (State, error) {
	return s.intervene(ctx, in, func(o orderdb.Order) (step, error) {
		if Status(o.Status) != Held {
			return step{}, nil // it was resumed already
		}
		return step{event: events.OrderResumed, change: change{Status: (*Status)(o.HeldFrom), ActionURL: o.ActionUrl}}, nil
	})
}

// ApproveOrder records that somebody lets an order in review through.
func (s *Service) ApproveOrder(ctx context.Context, in Intervention) (State, error) {
	return s.intervene(ctx, in, func(o orderdb.Order) (step, error) {
		if Status(o.Status) != InReview {
			return step{}, ErrNotInReview
		}
		return step{event: events.OrderApproved}, nil
	})
}

// RetryOrder records that somebody has told the order's saga not to wait.
func (s *Service) RetryOrder(ctx context.Context, in Intervention) (State, error) {
	return s.intervene(ctx, in, func(o orderdb.Order) (step, error) {
		return step{event: events.OrderRetried, change: change{ActionURL: o.ActionUrl}}, nil
	})
}

// intervene takes the step that fn finds, with the operator as the actor and
// their words in the timeline. A step without an event changes nothing.
func (s *Service) intervene(ctx context.Context, in Intervention, fn func(o orderdb.Order) (step, error)) (State, error) {
	row, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		asked, err := q.GetIntervention(ctx, in.ID)
		if pg.NotFound(err) || err == nil && asked.OrderID != o.ID {
			return o, ErrInterventionNotFound
		}
		if err != nil {
			return o, fmt.Errorf("intervention %s: %w", in.ID, err)
		}
		st, err := fn(o)
		if err != nil || st.event == "" {
			return o, err
		}
		st.actor, st.About = asked.Actor, map[string]any{"reason": asked.Reason, "intervention_id": asked.ID}
		return forward(ctx, q, o, events.Order{}, st)
	})
	return stateOf(row), err
}

// askedBy is who asked for an intervention, and why, for the timeline; the saga
// when there was none.
func (s *Service) askedBy(ctx context.Context, id *uuid.UUID) (actor string, about map[string]any, err error) {
	if id == nil {
		return saga, nil, nil
	}
	err = s.read(ctx, func(q *orderdb.Queries) error {
		asked, err := q.GetIntervention(ctx, *id)
		if pg.NotFound(err) {
			return ErrInterventionNotFound
		}
		actor, about = asked.Actor, map[string]any{"reason": asked.Reason, "intervention_id": asked.ID}
		return err
	})
	return actor, about, err
}
