package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/sql/orderdb"
)

// ListUnsettledInput bounds the search for orders that nothing has touched.
type ListUnsettledInput struct {
	Before time.Time `json:"before"` // not touched since
	Limit  int       `json:"limit"`  // of each kind
	After  Looked    `json:"after"`  // what was looked at before; the zero value begins anew
}

// Looked is how far a search has come among what waits, much of it rightly and
// for days: the next search goes on there, so that nothing is hidden behind it.
type Looked struct {
	Order  uuid.UUID `json:"order"`  // the last one; zero when there are no more
	Return uuid.UUID `json:"return"` // likewise
}

// Unsettled are orders that should have a saga at work.
type Unsettled struct {
	Checkouts []Purchase `json:"checkouts"` // pending or awaiting payment
	Cancels   []Purchase `json:"cancels"`   // asked to be cancelled and not closed

	Parcels []Parcel      `json:"parcels,omitempty"` // planned and neither shipped nor failed
	Refunds []Restitution `json:"refunds,omitempty"` // planned and neither given back nor failed; and what gave back the last of the money lately
	Returns []Homecoming  `json:"returns,omitempty"` // neither completed nor rejected; they do not expire
	Looked  Looked        `json:"looked"`
}

// ListUnsettledOrders finds what Reconcile starts again.
func (s *Service) ListUnsettledOrders(ctx context.Context, in ListUnsettledInput) (Unsettled, error) {
	out := Unsettled{Checkouts: []Purchase{}, Cancels: []Purchase{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		rows, err := q.ListUnsettledOrders(ctx, in.Before, in.After.Order, int32(in.Limit))
		if err != nil {
			return fmt.Errorf("list unsettled orders: %w", err)
		}
		if len(rows) == in.Limit && in.Limit > 0 {
			out.Looked.Order = rows[len(rows)-1].ID
		}
		orders, err := allWithLines(ctx, q, rows)
		for _, o := range orders {
			if o.CancelRequested != nil {
				out.Cancels = append(out.Cancels, PurchaseOf(o))
			} else {
				out.Checkouts = append(out.Checkouts, PurchaseOf(o))
			}
		}
		if err != nil {
			return err
		}
		return errors.Join(planned(ctx, q, in, &out), comingHome(ctx, q, in, &out))
	})
	return out, err
}

// lately is how long ago a refund may have been made whose saga is begun again
// when it was ended.
const lately = time.Hour

// comingHome adds returns that are under way.
func comingHome(ctx context.Context, q *orderdb.Queries, in ListUnsettledInput, out *Unsettled) error {
	returns, err := q.ListStaleReturns(ctx, in.Before, in.After.Return, int32(in.Limit))
	if err != nil || len(returns) == 0 {
		return err
	}
	if len(returns) == in.Limit {
		out.Looked.Return = returns[len(returns)-1].ID
	}
	for _, back := range returns {
		o, err := q.GetOrder(ctx, back.OrderID)
		if err != nil {
			return fmt.Errorf("order %s: %w", back.OrderID, err)
		}
		items, err := returning(ctx, q, o.ID, back.ID)
		if err != nil {
			return fmt.Errorf("return %s: %w", back.ID, err)
		}
		out.Returns = append(out.Returns, Homecoming{ReturnID: back.ID, OrderID: o.ID, UserID: o.UserID, Total: total(o), Items: items})
	}
	return nil
}

// planned adds shipments and refunds that were planned and not begun, or whose
// saga is gone, perhaps just before its last step. A refund of a return belongs to the return's saga.
func planned(ctx context.Context, q *orderdb.Queries, in ListUnsettledInput, out *Unsettled) error {
	shipments, err := q.ListStaleShipments(ctx, in.Before, int32(in.Limit))
	if err != nil {
		return fmt.Errorf("list stale shipments: %w", err)
	}
	for _, stale := range shipments {
		shipment, err := q.GetShipment(ctx, stale.ID)
		if err != nil {
			return fmt.Errorf("shipment %s: %w", stale.ID, err)
		}
		o, err := q.GetOrder(ctx, stale.OrderID)
		if err != nil {
			return fmt.Errorf("order %s: %w", stale.OrderID, err)
		}
		goods, err := readGoods(ctx, q, o)
		if err != nil {
			return err
		}
		out.Parcels = append(out.Parcels, goods.parcel(shipment))
	}
	refunds, err := q.ListStaleRefunds(ctx, in.Before, in.Before.Add(-lately), int32(in.Limit))
	if err != nil {
		return fmt.Errorf("list stale refunds: %w", err)
	}
	for _, stale := range refunds {
		refund, err := q.GetRefund(ctx, stale.ID)
		if err != nil {
			return fmt.Errorf("refund %s: %w", stale.ID, err)
		}
		o, err := q.GetOrder(ctx, stale.OrderID)
		if err != nil {
			return fmt.Errorf("order %s: %w", stale.OrderID, err)
		}
		if refund.Actor != saga {
			out.Refunds = append(out.Refunds, restitution(o, refund.ID, refund.Amount))
		}
	}
	return nil
}

// ListClosedInput bounds the search for orders that were closed.
type ListClosedInput struct {
	Since  time.Time `json:"since"`  // closed then or later
	Before time.Time `json:"before"` // and earlier than this
	Limit  int       `json:"limit"`  // orders
}

// ClosedOrders are orders that may hold nothing any more.
type ClosedOrders struct {
	Orders []uuid.UUID `json:"orders"` // the first closed first; fewer than asked for means there are no more
	Until  time.Time   `json:"until"`  // when the last of them was closed; zero when there are none
}

// ListClosedOrders finds the orders that Reconcile makes sure of.
func (s *Service) ListClosedOrders(ctx context.Context, in ListClosedInput) (ClosedOrders, error) {
	out := ClosedOrders{Orders: []uuid.UUID{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		rows, err := q.ListClosedOrders(ctx, in.Since, in.Before, int32(in.Limit))
		if err != nil {
			return fmt.Errorf("list closed orders: %w", err)
		}
		for _, row := range rows {
			out.Orders, out.Until = append(out.Orders, row.ID), row.ClosedAt.UTC()
		}
		return nil
	})
	return out, err
}

// NeedAttentionInput says what a saga cannot get past.
type NeedAttentionInput struct {
	OrderID uuid.UUID `json:"order_id"`
	What    string    `json:"what"` // operation and reason, for support
}

// NeedAttention marks an order for support; its saga goes on trying.
func (s *Service) NeedAttention(ctx context.Context, in NeedAttentionInput) (State, error) {
	err := s.read(ctx, func(q *orderdb.Queries) error {
		return q.UpdateOrderAttention(ctx, &in.What, in.OrderID)
	})
	if err != nil {
		return State{}, err
	}
	return s.ReadState(ctx, ReadOrderInput{OrderID: in.OrderID})
}
