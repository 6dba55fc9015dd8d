package order

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"kassa/sql/orderdb"
)

// ListUnsettledInput bounds the search for orders that nothing has touched.
type ListUnsettledInput struct {
	Before time.Time `json:"before"` // not touched since
	Limit  int       `json:"limit"`  // orders
}

// Unsettled are orders that should have a saga at work.
type Unsettled struct {
	Checkouts []Purchase `json:"checkouts"` // pending or awaiting payment
	Cancels   []Purchase `json:"cancels"`   // asked to be cancelled and not closed
}

// ListUnsettledOrders finds what Reconcile starts again.
func (s *Service) ListUnsettledOrders(ctx context.Context, in ListUnsettledInput) (Unsettled, error) {
	out := Unsettled{Checkouts: []Purchase{}, Cancels: []Purchase{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		rows, err := q.ListUnsettledOrders(ctx, in.Before, int32(in.Limit))
		if err != nil {
			return fmt.Errorf("list unsettled orders: %w", err)
		}
		orders, err := allWithLines(ctx, q, rows)
		for _, o := range orders {
			if o.CancelRequested != nil {
				out.Cancels = append(out.Cancels, PurchaseOf(o))
			} else {
				out.Checkouts = append(out.Checkouts, PurchaseOf(o))
			}
		}
		return err
	})
	return out, err
}

// OrderIDs names some orders.
type OrderIDs struct {
	Orders []uuid.UUID `json:"orders"`
}

// ListOrphans picks out of in those that may hold nothing: orders that are
// closed, and ids that belong to no order.
func (s *Service) ListOrphans(ctx context.Context, in OrderIDs) (OrderIDs, error) {
	out := OrderIDs{Orders: []uuid.UUID{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		known, err := q.ListKnownOrders(ctx, in.Orders)
		if err != nil {
			return fmt.Errorf("list known orders: %w", err)
		}
		closed, err := q.ListClosedOrders(ctx, in.Orders)
		if err != nil {
			return fmt.Errorf("list closed orders: %w", err)
		}
		for _, orderID := range in.Orders {
			if !slices.Contains(known, orderID) || slices.Contains(closed, orderID) {
				out.Orders = append(out.Orders, orderID)
			}
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
