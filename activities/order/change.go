package order

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/money"
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
	Fulfilment      *string         `json:"fulfilment,omitempty"`
	Refunded        *int64          `json:"refunded,omitempty"`
	HeldFrom        *Status         `json:"held_from,omitempty"`
	About           map[string]any  `json:"about,omitempty"` // for the timeline only: a shipment, a refund, why
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

	CartID        *uuid.UUID `json:"cart_id,omitempty"`
	CartVersion   *int64     `json:"cart_version,omitempty"`
	Coupon        *string    `json:"coupon,omitempty"`
	ReviewSeconds int64      `json:"review_seconds,omitempty"`
	TaxIncluded   int64      `json:"tax_included,omitempty"`
	TaxRate       int64      `json:"tax_rate_basis_points,omitempty"`
}

func creation(o Order) change {
	return change{Status: pointer(Pending), PaymentStatus: pointer(o.PaymentStatus), placed: &placed{
		UserID: o.UserID, PaymentMethod: o.paymentMethod, Capture: o.capture, Currency: o.Total.Currency,
		Subtotal: o.Subtotal.Amount, Discount: o.Discount.Amount, Shipping: o.Shipping.Amount, Tax: o.Tax.Amount, Total: o.Total.Amount,
		ShippingOption: o.ShippingOption, Lines: o.Lines,
		CartID: o.CartID, CartVersion: o.version(), Coupon: unlessEmpty(o.Coupon),
		ReviewSeconds: o.reviewSeconds, TaxIncluded: o.TaxIncluded.Amount, TaxRate: o.TaxRate,
	}}
}

// step is a guarded move of an order.
type step struct {
	event string
	from  []Status // the order must be in one of these
	once  bool     // and nobody must have begun to cancel or to ship it
	actor string
	change
}

// move takes the step: the row, its event and its outbox row in one statement.
// moved is false when the order does not exist or is in none of step.from.
func (s *Service) move(ctx context.Context, orderID uuid.UUID, about events.Order, st step) (row orderdb.Order, moved bool, err error) {
	err = s.read(ctx, func(q *orderdb.Queries) error {
		row, moved, err = moveBy(ctx, q, orderID, about, st)
		return err
	})
	if moved {
		s.news.tell(stateOf(row))
	}
	return row, moved, err
}

// moveBy is move within the caller's transaction, who tells the news.
func moveBy(ctx context.Context, q *orderdb.Queries, orderID uuid.UUID, about events.Order, st step) (row orderdb.Order, moved bool, err error) {
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
	updated, err := q.UpdateOrder(ctx, orderdb.UpdateOrderParams{
		ID: orderID, FromStatus: from, Once: st.once, At: at,
		Status: (*string)(st.Status), PaymentStatus: st.PaymentStatus, PaymentID: st.PaymentID, ActionUrl: st.ActionURL,
		Fault: st.Fault, Reason: st.Reason, Details: st.Details,
		CancelRequestedAt: st.CancelRequested, ConfirmedAt: st.ConfirmedAt, ClosedAt: st.ClosedAt,
		Fulfilment: st.Fulfilment, Refunded: st.Refunded, HeldFrom: (*string)(st.HeldFrom),
		EventType: st.event, EventData: document(st.change), Actor: st.actor, EventID: event.ID, Event: told,
	})
	if pg.NotFound(err) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("%s %s: %w", st.event, orderID, err)
	}
	return orderdb.Order(updated), true, nil
}

// within runs fn in a transaction that holds the order's row, for what touches
// more than the row, and tells the news when fn has moved the order. fn answers
// the row as it is then.
func (s *Service) within(ctx context.Context, orderID uuid.UUID, fn func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error)) (orderdb.Order, error) {
	var before, after orderdb.Order
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		q := orderdb.New(tx)
		if before, err = q.LockOrder(ctx, orderID); err != nil {
			return missing(err)
		}
		after, err = fn(q, before)
		return err
	})
	if err == nil && after.Version != before.Version {
		s.news.tell(stateOf(after))
	}
	return after, err
}

// forward takes a step whose guards fn of within has checked already.
func forward(ctx context.Context, q *orderdb.Queries, o orderdb.Order, about events.Order, st step) (orderdb.Order, error) {
	about.UserID, about.Total = o.UserID, total(o)
	st.from = []Status{Status(o.Status)}
	row, moved, err := moveBy(ctx, q, o.ID, about, st)
	if err == nil && !moved {
		err = ErrIllegalStep // the row is locked: a bug
	}
	return row, err
}

func total(o orderdb.Order) money.Money { return money.New(o.Total, o.Currency) }
