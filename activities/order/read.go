package order

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// ReadOrderInput names an order.
type ReadOrderInput struct {
	OrderID uuid.UUID  `json:"order_id"`
	UserID  *uuid.UUID `json:"user_id,omitempty"` // only when it is this customer's; nil for anybody's
}

// ReadOrder is one order; somebody else's is ErrOrderNotFound.
func (s *Service) ReadOrder(ctx context.Context, in ReadOrderInput) (Order, error) {
	var o Order
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetOrder(ctx, in.OrderID)
		if err != nil {
			return missing(err)
		}
		if in.UserID != nil && row.UserID != *in.UserID {
			return ErrOrderNotFound
		}
		if o, err = withLines(ctx, q, row); err != nil {
			return err
		}
		o.CustomerName, err = q.GetCustomerName(ctx, row.UserID)
		if err != nil && !pg.NotFound(err) { // or the user service has not told it yet
			return err
		}
		return withLife(ctx, q, &o)
	})
	return o, err
}

// ReadOrderOfPaymentInput names an order by its payment.
type ReadOrderOfPaymentInput struct {
	PaymentID uuid.UUID `json:"payment_id"`
}

// ReadOrderOfPayment is where the order stands that a payment pays.
func (s *Service) ReadOrderOfPayment(ctx context.Context, in ReadOrderOfPaymentInput) (State, error) {
	var row orderdb.Order
	err := s.read(ctx, func(q *orderdb.Queries) (err error) {
		row, err = q.GetOrderOfPayment(ctx, &in.PaymentID)
		return missing(err)
	})
	return stateOf(row), err
}

// ReadState is where an order stands.
func (s *Service) ReadState(ctx context.Context, in ReadOrderInput) (State, error) {
	var row orderdb.Order
	err := s.read(ctx, func(q *orderdb.Queries) (err error) {
		row, err = q.GetOrder(ctx, in.OrderID)
		return missing(err)
	})
	return stateOf(row), err
}

// ListOrdersInput asks for a page of orders, newest first. A nil filter lets
// all through.
type ListOrdersInput struct {
	UserID         *uuid.UUID `json:"user_id,omitempty"` // of this customer
	Status         *Status    `json:"status,omitempty"`
	PaymentStatus  *string    `json:"payment_status,omitempty"`
	Fulfilment     *string    `json:"fulfilment,omitempty"`
	Number         *int64     `json:"number,omitempty"`       // 1000042 for K-1000042
	CreatedFrom    *time.Time `json:"created_from,omitempty"` // placed then or later
	CreatedTo      *time.Time `json:"created_to,omitempty"`   // and earlier than this
	VariantID      *uuid.UUID `json:"variant_id,omitempty"`   // with a line of this variant
	Tracking       *string    `json:"tracking,omitempty"`     // with a shipment of this tracking number
	NeedsAttention bool       `json:"needs_attention"`        // only those that support must look at
	Before         *uuid.UUID `json:"before,omitempty"`       // older than this order; nil from the newest
	Limit          int        `json:"limit"`                  // orders, 1 to 101
}

// OrderList is a page of orders.
type OrderList struct { //nolint:revive // there are lists of other things
	Orders []Order `json:"orders"`
}

// ListOrders is a page of orders, newest first.
func (s *Service) ListOrders(ctx context.Context, in ListOrdersInput) (OrderList, error) {
	out := OrderList{Orders: []Order{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		rows, err := q.ListOrders(ctx, orderdb.ListOrdersParams{
			UserID: in.UserID, Status: (*string)(in.Status), PaymentStatus: in.PaymentStatus, Fulfilment: in.Fulfilment, Number: in.Number,
			CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, VariantID: in.VariantID, Tracking: in.Tracking, NeedsAttention: in.NeedsAttention,
			Before: in.Before, RowLimit: int32(in.Limit),
		})
		if err != nil {
			return fmt.Errorf("list orders: %w", err)
		}
		if out.Orders, err = allWithLines(ctx, q, rows); err != nil {
			return err
		}
		if err := named(ctx, q, out.Orders); err != nil {
			return err
		}
		return withShipments(ctx, q, out.Orders)
	})
	return out, err
}

// TimelineEntry is one thing that happened to an order.
type TimelineEntry struct {
	Version int64          `json:"version" doc:"The order's version after it." example:"2"`
	Type    string         `json:"type" doc:"What happened." example:"order.confirmed"`
	At      time.Time      `json:"at" doc:"When, UTC."`
	Actor   string         `json:"actor" doc:"Who did it: a user id, saga, or payment." example:"saga"`
	Data    map[string]any `json:"data,omitempty" doc:"What changed."`
}

// Timeline is an order's history.
type Timeline struct {
	OrderID uuid.UUID       `json:"order_id" format:"uuid" doc:"The order."`
	Status  Status          `json:"status" doc:"Where it stands now."`
	Entries []TimelineEntry `json:"entries" doc:"What happened, oldest first."`
}

// ReadTimelineInput names an order whose history is wanted.
type ReadTimelineInput struct {
	OrderID uuid.UUID  `json:"order_id"`
	UserID  *uuid.UUID `json:"user_id,omitempty"` // only when it is this customer's; nil for anybody's
	After   int64      `json:"after"`             // only what happened after this version; 0 for all
}

// ReadTimeline is an order's history; somebody else's is ErrOrderNotFound.
func (s *Service) ReadTimeline(ctx context.Context, in ReadTimelineInput) (Timeline, error) {
	out := Timeline{OrderID: in.OrderID, Entries: []TimelineEntry{}}
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetOrder(ctx, in.OrderID)
		if err != nil {
			return missing(err)
		}
		if in.UserID != nil && row.UserID != *in.UserID {
			return ErrOrderNotFound
		}
		out.Status = Status(row.Status)
		history, err := q.ListOrderEvents(ctx, in.OrderID, in.After)
		if err != nil {
			return fmt.Errorf("events of order %s: %w", in.OrderID, err)
		}
		for _, event := range history {
			entry := TimelineEntry{Version: event.Version, Type: event.Type, At: event.At.UTC(), Actor: event.Actor}
			if err := json.Unmarshal(event.Data, &entry.Data); err != nil {
				return fmt.Errorf("event %d of order %s: %w", event.Version, in.OrderID, err)
			}
			out.Entries = append(out.Entries, entry)
		}
		return nil
	})
	return out, err
}

func withLines(ctx context.Context, q *orderdb.Queries, row orderdb.Order) (Order, error) {
	orders, err := allWithLines(ctx, q, []orderdb.Order{row})
	if err != nil {
		return Order{}, err
	}
	return orders[0], nil
}

func allWithLines(ctx context.Context, q *orderdb.Queries, rows []orderdb.Order) ([]Order, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	lines, err := q.ListOrderLines(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lines of orders: %w", err)
	}
	byOrder := map[uuid.UUID][]orderdb.OrderLine{}
	for _, line := range lines {
		byOrder[line.OrderID] = append(byOrder[line.OrderID], line)
	}
	orders := make([]Order, len(rows))
	for i, row := range rows {
		if orders[i], err = fromRow(row, byOrder[row.ID]); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

func missing(err error) error {
	if pg.NotFound(err) {
		return ErrOrderNotFound
	}
	return err
}
