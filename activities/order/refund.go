package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

const (
	refundRequested = "requested"
	refundSucceeded = "succeeded"
	refundFailed    = "failed"
)

// refundCameBack is why a refund failed that had been made: the customer's bank
// has sent the money back.
const refundCameBack = "refund_came_back"

// Refund is money given back after an order was confirmed.
type Refund struct {
	ID          uuid.UUID    `json:"id" format:"uuid" doc:"Refund id." example:"0199f3c2-9d1e-7d55-9d0e-5b8a3f4f7a10"`
	OrderID     uuid.UUID    `json:"order_id" format:"uuid" doc:"The order." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	Status      string       `json:"status" enum:"requested,succeeded,failed" doc:"requested: its saga is at work. failed: nothing was given back." example:"succeeded"`
	Amount      money.Money  `json:"amount" doc:"What goes back."`
	Lines       []RefundLine `json:"lines" doc:"What of the amount is for which line."`
	Shipping    money.Money  `json:"shipping" doc:"What of the amount is for shipping."`
	Tax         money.Money  `json:"tax" doc:"What of the amount is for tax on top."`
	Why         string       `json:"why,omitempty" doc:"In the words of who asked for it." example:"A cup arrived broken."`
	Reason      string       `json:"reason,omitempty" doc:"Why it failed: a stable word."`
	CreatedAt   time.Time    `json:"created_at" doc:"When it was asked for, UTC."`
	CompletedAt *time.Time   `json:"completed_at,omitempty" doc:"When it succeeded or failed, UTC."`
}

// RefundLine is the part of a refund that is for one line.
type RefundLine struct {
	LineID   uuid.UUID   `json:"line_id" format:"uuid" doc:"Line of the order."`
	Quantity int64       `json:"quantity" doc:"Pieces that it is for; 0 when it is a part of the price only."`
	Amount   money.Money `json:"amount" doc:"What goes back for them."`
}

// PlanRefundInput asks for money back: an amount, or pieces, or, with neither,
// everything that was not given back yet.
type PlanRefundInput struct {
	RefundID uuid.UUID    `json:"refund_id"`
	OrderID  uuid.UUID    `json:"order_id"`
	Amount   *money.Money `json:"amount,omitempty"`
	Lines    []PieceLine  `json:"lines,omitempty"`
	Shipping bool         `json:"shipping"` // with Lines: what is left of the shipping too
	Why      string       `json:"why"`      // their words
	Actor    string       `json:"actor"`    // user id

	returned bool // it is a return's, whose id it has
}

// Restitution is what the saga of a refund needs to know of it.
type Restitution struct {
	RefundID uuid.UUID   `json:"refund_id"`
	OrderID  uuid.UUID   `json:"order_id"`
	UserID   uuid.UUID   `json:"user_id"`
	Total    money.Money `json:"total"`  // of the order
	Amount   money.Money `json:"amount"` // 0 when nothing is left to be given back, or it has failed
}

// PlanRefund claims a part of an order's money for a refund, whose saga gives
// it back. The same id plans one refund.
func (s *Service) PlanRefund(ctx context.Context, in PlanRefundInput) (Restitution, error) {
	var back Restitution
	_, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		if before, err := q.GetRefund(ctx, in.RefundID); err == nil {
			if back = restitution(o, before.ID, before.Amount); before.Status == refundFailed {
				back.Amount.Amount = 0 // its claim was let go
			}
			return o, nil
		} else if !pg.NotFound(err) {
			return o, fmt.Errorf("refund %s: %w", in.RefundID, err)
		}
		if !refundable(o) {
			return o, ErrNotRefundable
		}
		if err := unshipping(ctx, q, o.ID); err != nil {
			return o, err
		}
		if in.returned {
			back, err := q.GetReturn(ctx, in.RefundID)
			if err == nil && back.Status == returnCompleted { // a late request: no saga would make it
				err = ErrNotRefundable
			}
			if err != nil {
				return o, err
			}
		}
		allocation, err := s.allocation(ctx, q, o, in)
		if err != nil {
			return o, err
		}
		after, err := planRefund(ctx, q, o, in, allocation)
		back = restitution(o, in.RefundID, allocation.sum())
		return after, err
	})
	return back, err
}

func restitution(o orderdb.Order, refundID uuid.UUID, amount int64) Restitution {
	return Restitution{RefundID: refundID, OrderID: o.ID, UserID: o.UserID, Total: total(o), Amount: money.New(amount, o.Currency)}
}

// refundable reports whether money of the order was taken that is not all given back.
func refundable(o orderdb.Order) bool {
	switch o.PaymentStatus {
	case "captured", "partially_captured", "partially_refunded":
		return Status(o.Status).Bought() && o.CancelRequestedAt == nil
	default:
		return false
	}
}

// planRefund writes the refund and its event.
func planRefund(ctx context.Context, q *orderdb.Queries, o orderdb.Order, in PlanRefundInput, allocation Allocation) (orderdb.Order, error) {
	amount := allocation.sum()
	err := q.InsertRefund(ctx, orderdb.InsertRefundParams{
		ID: in.RefundID, OrderID: o.ID, Amount: amount, Allocation: document(allocation), Words: in.Why, Actor: in.Actor, At: now(),
	})
	if err != nil {
		return o, fmt.Errorf("plan refund %s: %w", in.RefundID, err)
	}
	owed := money.New(amount, o.Currency)
	return forward(ctx, q, o, events.Order{RefundID: &in.RefundID, Amount: &owed}, step{
		event: events.OrderRefundRequested, actor: in.Actor,
		change: change{About: map[string]any{"refund_id": in.RefundID, "amount": owed, "reason": in.Why}},
	})
}

// allocation is what a refund gives back of what. A refund of pieces gives back
// no more than what is left; an amount that is more is refused.
func (s *Service) allocation(ctx context.Context, q *orderdb.Queries, o orderdb.Order, in PlanRefundInput) (Allocation, error) {
	goods, err := readGoods(ctx, q, o)
	if err != nil {
		return Allocation{}, err
	}
	claimed, err := claims(ctx, q, o.ID)
	if err != nil {
		return Allocation{}, err
	}
	left, before := goods.remaining(claimed)
	most := left.sum()
	amount := most
	if in.Amount != nil {
		if in.Amount.Currency != o.Currency || in.Amount.Amount < 1 || in.Amount.Amount > most {
			return Allocation{}, ErrRefundExceeds
		}
		amount = in.Amount.Amount
	}
	var out Allocation
	if len(in.Lines) > 0 && in.Amount == nil {
		pieces, err := goods.pieces(in.Lines, func(line orderdb.OrderLine) int64 { return line.Quantity }, ErrRefundExceeds)
		if err != nil {
			return out, err
		}
		out, err = goods.worth(pieces, before, left, in.Shipping)
		if err != nil {
			return out, fmt.Errorf("worth of refund %s: %w", in.RefundID, err)
		}
	} else if out, err = goods.allocate(amount, left); err != nil {
		return out, fmt.Errorf("allocate refund %s: %w", in.RefundID, err)
	}
	switch sum := out.sum(); {
	case sum == 0:
		return out, ErrRefundExceeds
	case sum == most && count(goods.planned) > count(goods.shipped):
		return out, ErrShipmentBusy // what is all refunded is not shipped any more
	}
	return out, nil
}

// claims are the parts of an order's money that are refunded or about to be.
func claims(ctx context.Context, q *orderdb.Queries, orderID uuid.UUID) ([]Allocation, error) {
	rows, err := q.ListRefunds(ctx, []uuid.UUID{orderID})
	if err != nil {
		return nil, fmt.Errorf("refunds of order %s: %w", orderID, err)
	}
	var all []Allocation
	for _, row := range rows {
		if row.Status == refundFailed {
			continue
		}
		var a Allocation
		if err := json.Unmarshal(row.Allocation, &a); err != nil {
			return nil, fmt.Errorf("allocation of refund %s: %w", row.ID, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// CompleteRefundInput names a refund whose money has gone back.
type CompleteRefundInput struct {
	OrderID  uuid.UUID `json:"order_id"`
	RefundID uuid.UUID `json:"refund_id"`
}

// Restored is where an order stands after a refund.
type Restored struct {
	State
	Release bool `json:"release"` // all of its money is back and not all of it was shipped: the rest never will be
}

// CompleteRefund records that money went back. Twice is once, and what has come
// back meanwhile stays so.
func (s *Service) CompleteRefund(ctx context.Context, in CompleteRefundInput) (Restored, error) {
	row, err := s.moveRefund(ctx, in.OrderID, in.RefundID, refundSucceeded, nil, func(o orderdb.Order, refund orderdb.Refund) (events.Order, step) {
		refunded := o.Refunded + refund.Amount
		full := refunded == o.Total
		st := step{event: events.OrderRefunded, actor: refund.Actor, change: change{Refunded: &refunded, PaymentStatus: pointer("partially_refunded")}}
		status := PartiallyRefunded
		if full {
			status, st.PaymentStatus = Refunded, pointer("refunded")
		}
		if now := Status(o.Status); now != Returned && (full || now != Refunded) { // refunded anew after it came back
			st.Status = &status
		}
		given := money.New(refund.Amount, o.Currency)
		st.About = map[string]any{"refund_id": refund.ID, "amount": given, "full": full}
		return events.Order{RefundID: &refund.ID, Amount: &given, Full: full}, st
	})
	unshipped := row.Fulfilment != fulfilShipped && row.Fulfilment != fulfilDelivered
	return Restored{State: stateOf(row), Release: err == nil && row.Refunded == row.Total && unshipped}, err
}

// FailRefundInput says why a refund came to nothing.
type FailRefundInput struct {
	OrderID  uuid.UUID `json:"order_id"`
	RefundID uuid.UUID `json:"refund_id"`
	Reason   string    `json:"reason"` // a stable word
}

// FailRefund gives the part of the money that a refund has claimed free again.
// Nobody waits for what becomes of a shipment's: support must look.
func (s *Service) FailRefund(ctx context.Context, in FailRefundInput) (State, error) {
	row, err := s.moveRefund(ctx, in.OrderID, in.RefundID, refundFailed, &in.Reason, func(o orderdb.Order, refund orderdb.Refund) (events.Order, step) {
		given := money.New(refund.Amount, o.Currency)
		return events.Order{RefundID: &refund.ID, Amount: &given, Reason: in.Reason},
			step{event: events.OrderRefundFailed, actor: saga, change: change{About: map[string]any{"refund_id": refund.ID, "amount": given, "reason": in.Reason}}}
	}, func(q *orderdb.Queries) error {
		_, err := q.GetShipment(ctx, in.RefundID)
		if pg.NotFound(err) {
			return nil
		}
		what := "What was taken for a shipment that could not leave is not given back: give it back another way."
		return errors.Join(err, q.UpdateOrderAttention(ctx, &what, in.OrderID))
	})
	return stateOf(row), err
}

func (s *Service) moveRefund(ctx context.Context, orderID, refundID uuid.UUID, to string, reason *string, fn func(o orderdb.Order, refund orderdb.Refund) (events.Order, step), then ...func(q *orderdb.Queries) error) (orderdb.Order, error) {
	return s.within(ctx, orderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		refund, err := q.GetRefund(ctx, refundID)
		switch {
		case pg.NotFound(err) || err == nil && refund.OrderID != orderID:
			return o, ErrRefundNotFound
		case err != nil:
			return o, fmt.Errorf("refund %s: %w", refundID, err)
		case refund.Status == to, refund.Status == refundFailed && orEmpty(refund.Reason) == refundCameBack:
			return o, nil
		case refund.Status != refundRequested:
			return o, ErrIllegalStep
		}
		if _, err := q.UpdateRefund(ctx, orderdb.UpdateRefundParams{ID: refundID, Status: to, Reason: reason, At: now()}); err != nil {
			return o, fmt.Errorf("refund %s: %w", refundID, err)
		}
		about, st := fn(o, refund)
		o, err = forward(ctx, q, o, about, st)
		for _, each := range then {
			err = errors.Join(err, each(q))
		}
		return o, err
	})
}

// RefundCameBack applies what the payment service tells, perhaps days later: the
// customer's bank has sent a refund back. It has failed after all, the money can
// be refunded anew, and support must look. The order's status stays, for stock
// that was given free with the money is gone. What an order has that was closed,
// the payment service gives back again by itself.
func RefundCameBack(ctx context.Context, tx pgx.Tx, about events.PaymentChanged) error {
	q := orderdb.New(tx)
	o, err := q.LockOrder(ctx, about.OrderID)
	if pg.NotFound(err) || err == nil && (!Status(o.Status).Bought() || o.CancelRequestedAt != nil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("order %s: %w", about.OrderID, err)
	}
	if about.RefundID != nil { // nil when it is none of ours
		refund, err := q.GetRefund(ctx, *about.RefundID)
		if err == nil && refund.OrderID == o.ID {
			err = comeBack(ctx, q, o, refund, about.Captured.Amount)
		}
		if err != nil && !pg.NotFound(err) {
			return fmt.Errorf("refund %s: %w", *about.RefundID, err)
		}
	}
	what := "The customer's bank has sent a refund back: give the money back another way."
	return q.UpdateOrderAttention(ctx, &what, o.ID)
}

// comeBack takes a refund off what was given back of an order.
func comeBack(ctx context.Context, q *orderdb.Queries, o orderdb.Order, refund orderdb.Refund, captured int64) error {
	if refund.Status == refundFailed {
		return nil
	}
	reason, given := refundCameBack, money.New(refund.Amount, o.Currency)
	if _, err := q.UpdateRefund(ctx, orderdb.UpdateRefundParams{ID: refund.ID, Status: refundFailed, Reason: &reason, At: now()}); err != nil {
		return err
	}
	st := step{event: events.OrderRefundFailed, actor: "payment", change: change{About: map[string]any{"refund_id": refund.ID, "amount": given, "reason": reason}}}
	if refund.Status == refundSucceeded {
		left := o.Refunded - refund.Amount
		switch st.Refunded = &left; {
		case left > 0:
			st.PaymentStatus = pointer("partially_refunded")
		case captured < o.Total:
			st.PaymentStatus = pointer("partially_captured")
		default:
			st.PaymentStatus = pointer("captured")
		}
	}
	_, err := forward(ctx, q, o, events.Order{RefundID: &refund.ID, Amount: &given, Reason: reason}, st)
	return err
}

// ReadRefundInput names a refund.
type ReadRefundInput struct {
	RefundID uuid.UUID `json:"refund_id"`
}

// ReadRefund is one refund.
func (s *Service) ReadRefund(ctx context.Context, in ReadRefundInput) (Refund, error) {
	var out Refund
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetRefund(ctx, in.RefundID)
		if pg.NotFound(err) {
			return ErrRefundNotFound
		}
		if err != nil {
			return fmt.Errorf("refund %s: %w", in.RefundID, err)
		}
		o, err := q.GetOrder(ctx, row.OrderID)
		if err == nil {
			out, err = refundFromRow(row, o.Currency)
		}
		return err
	})
	return out, err
}

func refundFromRow(row orderdb.Refund, currency string) (Refund, error) {
	var a Allocation
	if err := json.Unmarshal(row.Allocation, &a); err != nil {
		return Refund{}, fmt.Errorf("allocation of refund %s: %w", row.ID, err)
	}
	out := Refund{
		ID: row.ID, OrderID: row.OrderID, Status: row.Status, Amount: money.New(row.Amount, currency), Lines: []RefundLine{},
		Shipping: money.New(a.Shipping, currency), Tax: money.New(a.Tax, currency),
		Why: row.Words, Reason: orEmpty(row.Reason), CreatedAt: row.CreatedAt.UTC(), CompletedAt: row.CompletedAt,
	}
	for _, line := range a.Lines {
		out.Lines = append(out.Lines, RefundLine{LineID: line.LineID, Quantity: line.Quantity, Amount: money.New(line.Amount, currency)})
	}
	return out, nil
}
