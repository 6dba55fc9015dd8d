package order

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// The statuses of a shipment.
const (
	shipmentPreparing = "preparing"
	shipmentShipped   = "shipped"
	shipmentDelivered = "delivered"
	shipmentFailed    = "failed"
)

// Shipment is a parcel: some of an order's goods on their way.
type Shipment struct {
	ID          uuid.UUID    `json:"id" format:"uuid" doc:"Shipment id." example:"0199f3c2-9c1e-7d55-9d0e-5b8a3f4f7a10"`
	Status      string       `json:"status" enum:"preparing,shipped,delivered,failed" doc:"preparing: its saga is at work. failed: it never left." example:"shipped"`
	Carrier     string       `json:"carrier" doc:"Who carries it." example:"DHL"`
	Tracking    string       `json:"tracking,omitempty" doc:"The carrier's tracking number." example:"00340434161094042557"`
	Lines       []PieceLine  `json:"lines" doc:"What it holds."`
	Captured    *money.Money `json:"captured,omitempty" doc:"What is taken with it, when the payment was only authorized before."`
	Reason      string       `json:"reason,omitempty" doc:"Why it failed: a stable word."`
	CreatedAt   time.Time    `json:"created_at" doc:"When it was asked for, UTC."`
	ShippedAt   *time.Time   `json:"shipped_at,omitempty" doc:"When it left, UTC."`
	DeliveredAt *time.Time   `json:"delivered_at,omitempty" doc:"When it arrived, UTC."`
}

// PieceLine is how many pieces of an order's line.
type PieceLine struct {
	LineID   uuid.UUID `json:"line_id" format:"uuid" doc:"Line of the order." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a12"`
	Quantity int64     `json:"quantity" minimum:"1" maximum:"10000" doc:"Pieces." example:"1"`
}

// PlanShipmentInput asks for a shipment.
type PlanShipmentInput struct {
	ShipmentID uuid.UUID   `json:"shipment_id"`
	OrderID    uuid.UUID   `json:"order_id"`
	Carrier    string      `json:"carrier"`
	Tracking   string      `json:"tracking"`
	Lines      []PieceLine `json:"lines"` // none for everything that remains
	Actor      string      `json:"actor"` // user id
}

// Parcel is what the saga of a shipment needs to know of it.
type Parcel struct {
	ShipmentID     uuid.UUID   `json:"shipment_id"`
	OrderID        uuid.UUID   `json:"order_id"`
	UserID         uuid.UUID   `json:"user_id"`
	Total          money.Money `json:"total"`
	Items          []Item      `json:"items"`
	Capture        money.Money `json:"capture"`         // what is taken with it; 0 when the money was taken before
	Final          bool        `json:"final"`           // nothing remains to be shipped after it
	DeliverSeconds int64       `json:"deliver_seconds"` // after so long it is taken for delivered; 0 for never
}

// PlanShipment claims pieces of an order for a shipment, whose saga ships them.
// The same id plans one shipment.
func (s *Service) PlanShipment(ctx context.Context, in PlanShipmentInput) (Parcel, error) {
	var parcel Parcel
	_, err := s.within(ctx, in.OrderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		goods, err := readGoods(ctx, q, o)
		if err != nil {
			return o, err
		}
		if before, err := q.GetShipment(ctx, in.ShipmentID); err == nil {
			parcel = goods.parcel(before)
			return o, nil
		} else if !pg.NotFound(err) {
			return o, err
		}
		if err := goods.giveUp(ctx, q); err != nil {
			return o, err
		}
		pieces, err := goods.toShip(in.Lines)
		if err != nil {
			return o, err
		}
		claimed, err := claims(ctx, q, o.ID)
		if err != nil {
			return o, err
		}
		if left, _ := goods.remaining(claimed); left.sum() == 0 {
			return o, ErrNotShippable // its money is going back
		}
		shipment := orderdb.InsertShipmentParams{ID: in.ShipmentID, OrderID: o.ID, Carrier: in.Carrier, Tracking: in.Tracking, Actor: in.Actor, At: now()}
		// A final capture lets the rest of the money go, so nobody else may still want some of it.
		shipment.Final = goods.unplanned() == count(pieces) && count(goods.planned)-count(goods.givenUp) == count(goods.shipped)
		if o.Capture == "manual" && o.PaymentStatus != "captured" {
			if shipment.Capture, err = goods.due(ctx, q, pieces); err != nil {
				return o, fmt.Errorf("share of shipment %s: %w", in.ShipmentID, err)
			}
		}
		for _, line := range goods.lines {
			if n := pieces[line.ID]; n > 0 {
				shipment.LineIds, shipment.Quantities = append(shipment.LineIds, line.ID), append(shipment.Quantities, n)
			}
		}
		if err := q.InsertShipment(ctx, shipment); err != nil {
			return o, fmt.Errorf("plan shipment %s: %w", in.ShipmentID, err)
		}
		goods.planning(in.ShipmentID, pieces)
		parcel = goods.parcel(orderdb.Shipment{ID: in.ShipmentID, Capture: shipment.Capture, Final: shipment.Final})
		st := step{event: events.OrderShipmentPlanned, actor: in.Actor, change: change{About: map[string]any{"shipment_id": in.ShipmentID}}}
		if o.Fulfilment == fulfilNone {
			st.Fulfilment = pointer(fulfilPreparing)
		}
		return forward(ctx, q, o, events.Order{ShipmentID: &in.ShipmentID}, st)
	})
	return parcel, err
}

// ReadShipmentInput names a shipment.
type ReadShipmentInput struct {
	ShipmentID uuid.UUID `json:"shipment_id"`
}

// ReadShipment is one shipment.
func (s *Service) ReadShipment(ctx context.Context, in ReadShipmentInput) (Shipment, error) {
	var out Shipment
	err := s.read(ctx, func(q *orderdb.Queries) error {
		row, err := q.GetShipment(ctx, in.ShipmentID)
		if pg.NotFound(err) {
			return ErrShipmentNotFound
		}
		if err != nil {
			return fmt.Errorf("shipment %s: %w", in.ShipmentID, err)
		}
		o, err := q.GetOrder(ctx, row.OrderID)
		if err != nil {
			return err
		}
		lines, err := q.ListShipmentLines(ctx, []uuid.UUID{row.OrderID})
		out = shipmentFromRow(row, lines, o.Currency)
		return err
	})
	return out, err
}

// MarkShippedInput names a shipment that has left.
type MarkShippedInput struct {
	OrderID       uuid.UUID `json:"order_id"`
	ShipmentID    uuid.UUID `json:"shipment_id"`
	PaymentStatus string    `json:"payment_status,omitempty"` // after its share was taken; "" when nothing was
}

// MarkShipped records that a shipment has left. Twice is once.
func (s *Service) MarkShipped(ctx context.Context, in MarkShippedInput) (State, error) {
	return s.moveShipment(ctx, in.OrderID, in.ShipmentID, shipmentPreparing, shipmentShipped, func(goods goods, shipment orderdb.Shipment, o orderdb.Order) (events.Order, step) {
		complete := goods.left() == 0
		st := step{event: events.OrderShipped, actor: shipment.Actor, change: change{
			PaymentStatus: captured(o, in.PaymentStatus), Fulfilment: pointer(fulfilPartial),
			About: map[string]any{"shipment_id": shipment.ID, "carrier": shipment.Carrier, "tracking": shipment.Tracking, "complete": complete},
		}}
		if complete {
			st.Fulfilment = pointer(fulfilShipped)
		}
		if Status(o.Status) == Confirmed || Status(o.Status) == PartiallyShipped {
			if st.Status = pointer(PartiallyShipped); complete {
				st.Status = pointer(Shipped)
			}
		}
		return events.Order{
			ShipmentID: &shipment.ID, Carrier: shipment.Carrier, Tracking: shipment.Tracking, Complete: complete, Lines: goods.told(shipment.ID),
		}, st
	})
}

// captured is how an order's payment stands after a shipment's share was taken,
// nil when that tells nothing new: what was given back says more than what was
// taken, and all more than a part.
func captured(o orderdb.Order, status string) *string {
	if o.Refunded > 0 || o.PaymentStatus == "captured" {
		return nil
	}
	return unlessEmpty(status)
}

// MarkDeliveredInput names a shipment that has arrived.
type MarkDeliveredInput struct {
	OrderID    uuid.UUID `json:"order_id"`
	ShipmentID uuid.UUID `json:"shipment_id"`
	Actor      string    `json:"actor"` // user id of who says so, or saga when nobody said otherwise in time
}

// MarkDelivered records that a shipment has arrived. Twice is once.
func (s *Service) MarkDelivered(ctx context.Context, in MarkDeliveredInput) (State, error) {
	return s.moveShipment(ctx, in.OrderID, in.ShipmentID, shipmentShipped, shipmentDelivered, func(goods goods, shipment orderdb.Shipment, o orderdb.Order) (events.Order, step) {
		complete := o.Fulfilment == fulfilShipped && goods.onTheWay() == 0
		st := step{event: events.OrderDelivered, actor: in.Actor, change: change{About: map[string]any{"shipment_id": shipment.ID, "complete": complete}}}
		if complete {
			st.Fulfilment = pointer(fulfilDelivered)
			if Status(o.Status) == Shipped {
				st.Status = pointer(Delivered)
			}
		}
		return events.Order{ShipmentID: &shipment.ID, Complete: complete}, st
	})
}

// moveShipment moves a shipment and its order, or finds that it was done.
func (s *Service) moveShipment(ctx context.Context, orderID, shipmentID uuid.UUID, from, to string,
	fn func(goods goods, shipment orderdb.Shipment, o orderdb.Order) (events.Order, step),
) (State, error) {
	row, err := s.within(ctx, orderID, func(q *orderdb.Queries, o orderdb.Order) (orderdb.Order, error) {
		return moveShipment(ctx, q, o, shipmentID, from, to, fn)
	})
	return stateOf(row), err
}

// moveShipment is the method of that name within the caller's transaction.
func moveShipment(ctx context.Context, q *orderdb.Queries, o orderdb.Order, shipmentID uuid.UUID, from, to string,
	fn func(goods goods, shipment orderdb.Shipment, o orderdb.Order) (events.Order, step), why ...failure,
) (orderdb.Order, error) {
	shipment, err := q.GetShipment(ctx, shipmentID)
	switch {
	case pg.NotFound(err) || err == nil && shipment.OrderID != o.ID:
		return o, ErrShipmentNotFound
	case err != nil:
		return o, fmt.Errorf("shipment %s: %w", shipmentID, err)
	case shipment.Status == to, from == shipmentPreparing && to == shipmentShipped && shipment.Status == shipmentDelivered:
		return o, nil
	case shipment.Status != from:
		return o, ErrIllegalStep
	}
	at := now()
	update := orderdb.UpdateShipmentParams{ID: shipmentID, Status: to, FromStatus: from}
	switch to {
	case shipmentShipped:
		update.ShippedAt = &at
	case shipmentDelivered:
		update.DeliveredAt = &at
	default:
		update.Reason, update.Capture = &why[0].reason, &why[0].taken
	}
	if _, err := q.UpdateShipment(ctx, update); err != nil {
		return o, fmt.Errorf("shipment %s: %w", shipmentID, err)
	}
	goods, err := readGoods(ctx, q, o)
	if err != nil {
		return o, err
	}
	about, st := fn(goods, shipment, o)
	return forward(ctx, q, o, about, st)
}
