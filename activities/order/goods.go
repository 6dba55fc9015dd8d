package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/money"
	"kassa/sql/orderdb"
)

// goods is where an order's pieces are, by line.
type goods struct {
	composition
	order     orderdb.Order
	shipments []orderdb.ListShipmentLinesRow
	planned   map[uuid.UUID]int64 // in shipments that have not failed, or that were given up
	givenUp   map[uuid.UUID]int64 // shipments that failed after their money was taken, and it went back: pieces
	shipped   map[uuid.UUID]int64 // in shipments that have left
	returning map[uuid.UUID]int64 // in returns that were not rejected
	returned  map[uuid.UUID]int64 // in returns that are completed
}

func readGoods(ctx context.Context, q *orderdb.Queries, o orderdb.Order) (goods, error) {
	g := goods{order: o, planned: map[uuid.UUID]int64{}, shipped: map[uuid.UUID]int64{}, returning: map[uuid.UUID]int64{}, returned: map[uuid.UUID]int64{}}
	lines, err := q.ListOrderLines(ctx, []uuid.UUID{o.ID})
	if err == nil {
		g.composition, err = composed(o, lines)
	}
	if err == nil {
		g.shipments, err = q.ListShipmentLines(ctx, []uuid.UUID{o.ID})
	}
	if err != nil {
		return g, fmt.Errorf("goods of order %s: %w", o.ID, err)
	}
	for _, line := range g.shipments {
		switch line.Status {
		case shipmentShipped, shipmentDelivered:
			g.shipped[line.LineID] += line.Quantity
			g.planned[line.LineID] += line.Quantity
		case shipmentPreparing:
			g.planned[line.LineID] += line.Quantity
		}
	}
	back, err := q.ListReturnLines(ctx, []uuid.UUID{o.ID})
	if err != nil {
		return g, fmt.Errorf("returns of order %s: %w", o.ID, err)
	}
	for _, line := range back {
		if line.Status == returnCompleted {
			g.returned[line.LineID] += line.Quantity
		}
		if line.Status != returnRejected {
			g.returning[line.LineID] += line.Quantity
		}
	}
	return g, nil
}

func count(pieces map[uuid.UUID]int64) (n int64) {
	for _, each := range pieces {
		n += each
	}
	return n
}

func (g goods) ordered() (n int64) {
	for _, line := range g.lines {
		n += line.Quantity
	}
	return n
}

func (g goods) unplanned() int64 { return g.ordered() - count(g.planned) }

// left is how many pieces have not left.
func (g goods) left() int64 { return g.ordered() - count(g.shipped) }

// onTheWay is how many pieces have not arrived.
func (g goods) onTheWay() (n int64) {
	for _, line := range g.shipments {
		if line.Status == shipmentShipped || line.Status == shipmentPreparing {
			n += line.Quantity
		}
	}
	return n
}

// toShip checks what is asked to be shipped; nothing asked for is everything
// that remains.
func (g goods) toShip(asked []PieceLine) (map[uuid.UUID]int64, error) {
	switch Status(g.order.Status) {
	case Confirmed, PartiallyShipped, PartiallyRefunded:
	default:
		return nil, ErrNotShippable
	}
	if g.order.CancelRequestedAt != nil || g.unplanned() == 0 {
		return nil, ErrNotShippable
	}
	return g.pieces(asked, func(line orderdb.OrderLine) int64 { return line.Quantity - g.planned[line.ID] }, ErrShipsTooMuch)
}

// toReturn checks what is asked to be returned; nothing asked for is everything
// that was shipped.
func (g goods) toReturn(asked []PieceLine) (map[uuid.UUID]int64, error) {
	if !Status(g.order.Status).Bought() || count(g.shipped) == count(g.returning) {
		return nil, ErrNotReturnable
	}
	return g.pieces(asked, func(line orderdb.OrderLine) int64 { return g.shipped[line.ID] - g.returning[line.ID] }, ErrReturnsTooMuch)
}

// pieces sums what is asked for by line, at most what there is of it.
func (g goods) pieces(asked []PieceLine, available func(orderdb.OrderLine) int64, tooMuch error) (map[uuid.UUID]int64, error) {
	want, known := map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	for _, line := range g.lines {
		if known[line.ID] = available(line); len(asked) == 0 && known[line.ID] > 0 {
			want[line.ID] = known[line.ID]
		}
	}
	for _, line := range asked {
		most, ours := known[line.LineID]
		switch want[line.LineID] += line.Quantity; {
		case !ours:
			return nil, ErrLineNotFound
		case line.Quantity < 1 || want[line.LineID] > most:
			return nil, tooMuch
		}
	}
	return want, nil
}

// giveUp plans nothing more for the pieces of shipments that failed and whose money
// went back, or is going to: who ships them now gives them away.
func (g *goods) giveUp(ctx context.Context, q *orderdb.Queries) error {
	refunds, err := q.ListRefunds(ctx, []uuid.UUID{g.order.ID})
	if err != nil {
		return fmt.Errorf("refunds of order %s: %w", g.order.ID, err)
	}
	kept := map[uuid.UUID]bool{} // nobody could give it back
	for _, refund := range refunds {
		kept[refund.ID] = refund.Status == refundFailed
	}
	g.givenUp = map[uuid.UUID]int64{}
	for _, line := range g.shipments {
		if line.Status == shipmentFailed && line.Capture > 0 && !kept[line.ShipmentID] {
			g.givenUp[line.ShipmentID] += line.Quantity
			g.planned[line.LineID] += line.Quantity
		}
	}
	return nil
}

// due is what is taken with a shipment of those pieces. The one that takes the
// last of them takes all that the others have not: one that failed may have had
// the shipping in its share.
func (g goods) due(ctx context.Context, q *orderdb.Queries, pieces map[uuid.UUID]int64) (int64, error) {
	if g.unplanned() > count(pieces) {
		return g.capture(g.planned, pieces)
	}
	shipments, err := q.ListShipments(ctx, []uuid.UUID{g.order.ID})
	left := g.order.Total
	for _, each := range shipments {
		if each.Status != shipmentFailed || g.givenUp[each.ID] > 0 {
			left -= each.Capture
		}
	}
	return max(left, 0), err
}

// planning adds a shipment that is being planned.
func (g *goods) planning(shipmentID uuid.UUID, pieces map[uuid.UUID]int64) {
	for _, line := range g.lines {
		if n := pieces[line.ID]; n > 0 {
			g.shipments = append(g.shipments, orderdb.ListShipmentLinesRow{
				ShipmentID: shipmentID, LineID: line.ID, VariantID: line.VariantID, ProductID: line.ProductID, Quantity: n, Status: shipmentPreparing,
			})
		}
	}
}

// parcel is a shipment as its saga sees it.
func (g goods) parcel(shipment orderdb.Shipment) Parcel {
	p := Parcel{
		ShipmentID: shipment.ID, OrderID: g.order.ID, UserID: g.order.UserID, Total: total(g.order), Items: []Item{},
		Capture: money.New(shipment.Capture, g.currency), Final: shipment.Final,
	}
	for _, line := range g.shipments {
		if line.ShipmentID == shipment.ID {
			p.Items = append(p.Items, Item{VariantID: line.VariantID, Quantity: line.Quantity})
		}
	}
	return p
}

// told is what a shipment holds, as its event tells it.
func (g goods) told(shipmentID uuid.UUID) (lines []events.OrderLine) {
	for _, line := range g.shipments {
		if line.ShipmentID == shipmentID {
			lines = append(lines, events.OrderLine{VariantID: line.VariantID, ProductID: &line.ProductID, Quantity: line.Quantity})
		}
	}
	return lines
}
