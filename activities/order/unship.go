package order

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// RestCapture is the id of the capture that takes what is left to be taken, when
// that is less than a shipment's share; its share is taken under the shipment's id.
func RestCapture(shipmentID uuid.UUID) uuid.UUID { return uuid.NewSHA1(shipmentID, []byte("rest")) }

// FailShipmentInput says why a shipment cannot leave, and what was taken with it.
type FailShipmentInput struct {
	OrderID    uuid.UUID `json:"order_id"`
	ShipmentID uuid.UUID `json:"shipment_id"`
	Reason     string    `json:"reason"` // a stable word

	PaymentStatus string      `json:"payment_status,omitempty"` // after its share was taken; "" when nothing was
	Taken         money.Money `json:"taken"`                    // of its share; 0 when nothing was
	Captured      money.Money `json:"captured"`                 // of the whole order so far; more may be by now
}

// Unshipped is where an order stands after a shipment failed.
type Unshipped struct {
	State
	Refund Restitution `json:"refund"` // planned for what was taken with the shipment; its amount is 0 when nothing goes back
}

// errStillPrepared says that what a shipment would give back is all that is left, and
// another one may still leave.
var errStillPrepared = errors.New("another shipment is being prepared")

// FailShipment gives the pieces of a shipment that never left free again, and
// plans the refund of what was taken with it, all at once: whoever dies next, the
// money is on its way. The refund has the shipment's id. ErrOrderUnfinished asks
// to come again. Twice is once.
func (s *Service) FailShipment(ctx context.Context, in FailShipmentInput) (Unshipped, error) {
	done, err := s.failShipment(ctx, in, true)
	if errors.Is(err, errStillPrepared) { // and must not wait for this one, if it comes to the same
		if _, failed := s.failShipment(ctx, in, false); failed != nil {
			return done, failed
		}
	}
	return done, err
}

// failure is what is written down of a shipment that fails.
type failure struct {
	reason string
	taken  int64 // with it, minor units; without a refund of it the pieces are not shipped any more
}

func (s *Service) failShipment(ctx context.Context, in FailShipmentInput, refund bool) (Unshipped, error) {
	var back Restitution
	row, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		after, err := moveShipment(ctx, q, o, in.ShipmentID, shipmentPreparing, shipmentFailed, func(goods goods, shipment orderdb.Shipment, o orderdb.Order) (events.Order, step) {
			st := step{event: events.OrderShipmentFailed, actor: saga, change: change{
				PaymentStatus: captured(o, in.PaymentStatus), About: map[string]any{"shipment_id": shipment.ID, "reason": in.Reason},
			}}
			if o.Fulfilment == fulfilPreparing && count(goods.planned) == 0 {
				st.Fulfilment = pointer(fulfilNone)
			}
			return events.Order{ShipmentID: &shipment.ID, Reason: in.Reason}, st
		}, failure{in.Reason, in.Taken.Amount})
		if err == nil && refund && in.Taken.Amount > 0 {
			after, back, err = refundShipment(ctx, q, after, in.ShipmentID, in.Taken.Amount, in.Captured.Amount)
		}
		return after, err
	})
	return Unshipped{State: stateOf(row), Refund: back}, err
}

// PlanShipmentRefundInput says what is left of the money that was taken with a
// shipment that failed.
type PlanShipmentRefundInput struct {
	OrderID    uuid.UUID   `json:"order_id"`
	ShipmentID uuid.UUID   `json:"shipment_id"`
	Amount     money.Money `json:"amount"`
}

// PlanShipmentRefund plans the refund of what was taken with a shipment that has
// failed, for sagas that began before FailShipment did it. ErrOrderUnfinished
// asks to come again.
func (s *Service) PlanShipmentRefund(ctx context.Context, in PlanShipmentRefundInput) (Restitution, error) {
	var back Restitution
	_, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (after orderdb.Order, err error) {
		after, back, err = refundShipment(ctx, q, o, in.ShipmentID, in.Amount.Amount, o.Total)
		return after, err
	})
	return back, err
}

// refundShipment claims what was taken with a shipment that failed, and no more than
// was captured and not given back.
func refundShipment(ctx context.Context, q *orderdb.Queries, o orderdb.Order, shipmentID uuid.UUID, taken, captured int64) (orderdb.Order, Restitution, error) {
	shipment, err := q.GetShipment(ctx, shipmentID)
	if pg.NotFound(err) || err == nil && (shipment.OrderID != o.ID || shipment.Status != shipmentFailed) {
		return o, Restitution{}, ErrShipmentNotFound
	}
	if err != nil {
		return o, Restitution{}, fmt.Errorf("shipment %s: %w", shipmentID, err)
	}
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return o, Restitution{}, fmt.Errorf("refunds of order %s: %w", o.ID, err)
	}
	back := restitution(o, shipmentID, 0)
	underway := false
	for _, refund := range refunds {
		if refund.ID == shipmentID {
			if refund.Status != refundFailed {
				back.Amount.Amount = refund.Amount
			}
			return o, back, nil
		}
		underway = underway || refund.Status == refundRequested
	}
	if underway {
		return o, back, ErrOrderUnfinished // what of the money is given back already is known when it is over
	}
	allocation, err := unshipped(ctx, q, o, shipment, taken, captured)
	if err != nil || allocation.sum() == 0 || !refundable(o) {
		return o, back, err
	}
	back.Amount.Amount = allocation.sum()
	o, err = planRefund(ctx, q, o, PlanRefundInput{RefundID: shipmentID, Why: "The shipment could not leave.", Actor: shipment.Actor}, allocation)
	return o, back, err
}

// unshipping answers ErrRefundUnderway while the money of a shipment that failed
// goes back: perhaps no other was taken, and the first to ask would get it.
func unshipping(ctx context.Context, q *orderdb.Queries, orderID uuid.UUID) error {
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{orderID})
	if err != nil {
		return fmt.Errorf("refunds of order %s: %w", orderID, err)
	}
	for _, refund := range refunds {
		if refund.Status != refundRequested {
			continue
		}
		switch _, err := q.GetShipment(ctx, refund.ID); {
		case err == nil:
			return ErrRefundUnderway
		case !pg.NotFound(err):
			return fmt.Errorf("shipment %s: %w", refund.ID, err)
		}
	}
	return nil
}

// unshipped is what goes back of which part of the order: what the pieces of a
// shipment are worth, as far as nobody has given it back, and what else was taken
// with them, first of the shipping. errStillPrepared asks to come again.
func unshipped(ctx context.Context, q *orderdb.Queries, o orderdb.Order, shipment orderdb.Shipment, taken, captured int64) (Allocation, error) {
	goods, err := readGoods(ctx, q, o)
	if err != nil {
		return Allocation{}, err
	}
	claimed, err := claims(ctx, q, o.ID)
	if err != nil {
		return Allocation{}, err
	}
	known, err := capturedAtLeast(ctx, q, o, shipment.ID, taken)
	if err != nil {
		return Allocation{}, err
	}
	captured = max(captured, known)
	for _, each := range claimed {
		captured -= each.sum()
	}
	left, before := goods.remaining(claimed)
	out, err := goods.unshipped(goods.in(shipment.ID), before, left, taken, min(taken, captured))
	if err != nil {
		return out, fmt.Errorf("allocate refund of shipment %s: %w", shipment.ID, err)
	}
	if out.sum() > 0 && out.sum() == left.sum() && count(goods.planned) > count(goods.shipped) {
		return out, ErrOrderUnfinished.Because(errStillPrepared) // what is all refunded is not shipped any more
	}
	return out, nil
}

// capturedAtLeast is what must have been taken of an order: with a shipment that
// failed, with those that have left, and what other failed ones have to give back.
func capturedAtLeast(ctx context.Context, q *orderdb.Queries, o orderdb.Order, shipmentID uuid.UUID, taken int64) (int64, error) {
	shipments, err := q.ListShipments(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return 0, fmt.Errorf("shipments of order %s: %w", o.ID, err)
	}
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return 0, fmt.Errorf("refunds of order %s: %w", o.ID, err)
	}
	backs := map[uuid.UUID]int64{}
	for _, refund := range refunds {
		if refund.Status != refundFailed {
			backs[refund.ID] = refund.Amount
		}
	}
	for _, each := range shipments {
		switch {
		case each.ID == shipmentID:
		case each.Status == shipmentShipped, each.Status == shipmentDelivered:
			taken += each.Capture
		case each.Status == shipmentFailed:
			taken += backs[each.ID]
		}
	}
	return min(taken, o.Total), nil
}

// in is how many pieces of which line a shipment holds.
func (g goods) in(shipmentID uuid.UUID) map[uuid.UUID]int64 {
	pieces := map[uuid.UUID]int64{}
	for _, line := range g.shipments {
		if line.ShipmentID == shipmentID {
			pieces[line.LineID] = line.Quantity
		}
	}
	return pieces
}

// unshipped divides what was taken with some pieces: no part of the order gives
// more than what is left of it, and all of them together no more than most.
func (c composition) unshipped(pieces, before map[uuid.UUID]int64, left Allocation, taken, most int64) (Allocation, error) {
	whole, _ := c.remaining(nil)
	worth, err := c.worth(pieces, before, whole, false)
	if err != nil {
		return Allocation{}, err
	}
	for _, line := range c.lines { // of which somebody may have given some back by hand
		pieces[line.ID] = max(0, min(pieces[line.ID], line.Quantity-before[line.ID]))
	}
	out, err := c.worth(pieces, before, left, false)
	if err != nil {
		return Allocation{}, err
	}
	besides := max(0, taken-worth.sum()) // the shipping, and what was lost in rounding
	shipping := min(besides, c.shipping)
	out.Shipping = min(shipping, left.Shipping) // what of it somebody has given back is nobody else's
	rest := left.less(out)
	more, err := c.allocate(min(besides-shipping, rest.sum()), rest)
	if err != nil {
		return Allocation{}, err
	}
	if out = out.plus(more); out.sum() > most {
		return c.allocate(max(0, most), out)
	}
	return out, nil
}
