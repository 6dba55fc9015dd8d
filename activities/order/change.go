package order

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// change is what one event does to the projection; it is the event's data.
// Its members are named like the columns they set, so that a row is the merge
// of its events' data in the order of their versions.
type change struct {
	Status          *Status         `json:"status,omitempty"`
	PaymentStatus   *string         `json:"payment_status,omitempty"`
	PaymentID       *uuid.UUID      `json:"payment_id,omitempty"`
	ActionURL       *string         `json:"action_url"` // null after every event but order.awaiting_payment
	Fault           *string         `json:"fault,omitempty"`
	Reason          *string         `json:"reason,omitempty"`
	Details         json.RawMessage `json:"details,omitempty"`
	CancelRequested *time.Time      `json:"cancel_requested_at,omitempty"`
	ConfirmedAt     *time.Time      `json:"confirmed_at,omitempty"`
	ClosedAt        *time.Time      `json:"closed_at,omitempty"`
	*placed
}

// placed is what order.created sets once and for all.
type placed struct {
	UserID         uuid.UUID `json:"user_id"`
	PaymentMethod  string    `json:"payment_method"`
	Capture        string    `json:"capture"`
	Currency       string    `json:"currency"`
	Subtotal       int64     `json:"subtotal"`
	Discount       int64     `json:"discount"`
	Shipping       int64     `json:"shipping"`
	Tax            int64     `json:"tax"`
	Total          int64     `json:"total"`
	ShippingOption string    `json:"shipping_option"`
	Lines          []Line    `json:"lines"`
}

func creation(o Order) change {
	return change{Status: pointer(Pending), PaymentStatus: pointer(o.PaymentStatus), placed: &placed{
		UserID: o.UserID, PaymentMethod: o.paymentMethod, Capture: o.capture, Currency: o.Total.Currency,
		Subtotal: o.Subtotal.Amount, Discount: o.Discount.Amount, Shipping: o.Shipping.Amount, Tax: o.Tax.Amount, Total: o.Total.Amount,
		ShippingOption: o.ShippingOption, Lines: o.Lines,
	}}
}

// step is a guarded move of an order.
type step struct {
	event string
	from  []Status // the order must be in one of these
	once  bool     // and cancellation must not have been requested yet
	actor string
	change
}

// move takes the step: the row, its event and its outbox row in one statement.
// moved is false when the order does not exist or is in none of step.from.
func (s *Service) move(ctx context.Context, orderID uuid.UUID, about events.Order, st step) (row orderdb.Order, moved bool, err error) {
	at := now()
	about.OrderID = orderID
	event := events.New(source, st.event, orderID, 1, at, about) // the statement sets the sequence
	told, err := outbox.Document(ctx, event)
	if err != nil {
		return row, false, err
	}
	from := make([]string, len(st.from))
	for i, status := range st.from {
		from[i] = string(status)
	}
	err = s.read(ctx, func(q *orderdb.Queries) error {
		updated, err := q.UpdateOrder(ctx, orderdb.UpdateOrderParams{
			ID: orderID, FromStatus: from, Once: st.once, At: at,
			Status: (*string)(st.Status), PaymentStatus: st.PaymentStatus, PaymentID: st.PaymentID, ActionUrl: st.ActionURL,
			Fault: st.Fault, Reason: st.Reason, Details: st.Details,
			CancelRequestedAt: st.CancelRequested, ConfirmedAt: st.ConfirmedAt, ClosedAt: st.ClosedAt,
			EventType: st.event, EventData: document(st.change), Actor: st.actor, EventID: event.ID, Event: told,
		})
		row = orderdb.Order(updated)
		return err
	})
	if pg.NotFound(err) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("%s %s: %w", st.event, orderID, err)
	}
	s.news.tell(stateOf(row))
	return row, true, nil
}
