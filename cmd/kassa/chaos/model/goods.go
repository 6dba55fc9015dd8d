package model

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/money"
)

// goods is what the order service knows of an order's life after its checkout.
// Pieces and amounts are by line; a piece costs price.
type goods struct {
	fulfilment    string
	paymentStatus string
	refunded      int64 // minor units
	parcels       []*parcel
	restitutions  []*restitution
	homecomings   []*homecoming
}

const price = 1000 // of a piece, in minor units

// parcel is a shipment.
type parcel struct {
	id      uuid.UUID
	pieces  []int64
	capture int64 // minor units
	final   bool
	status  string
	at      time.Time
	lost    bool // the warehouse does not find it
}

// restitution is a refund.
type restitution struct {
	id     uuid.UUID
	lines  []int64 // minor units
	status string
	ours   bool // of a return
	at     time.Time
	made   time.Time
}

// homecoming is a return.
type homecoming struct {
	id      uuid.UUID
	pieces  []int64
	status  string
	restock bool
	at      time.Time
}

func euro(amount int64) money.Money { return money.New(amount, "EUR") }

func sum(of []int64) (n int64) {
	for _, each := range of {
		n += each
	}
	return n
}

func (p *purchase) ordered() (pieces []int64) {
	for _, item := range p.Items {
		pieces = append(pieces, item.Quantity)
	}
	return pieces
}

// planned are pieces in parcels that have not failed, shipped those in parcels that have left.
func (p *purchase) planned() (planned, shipped []int64) {
	planned, shipped = make([]int64, len(p.Items)), make([]int64, len(p.Items))
	for _, each := range p.parcels {
		for n, pieces := range each.pieces {
			if each.status != "failed" {
				planned[n] += pieces
			}
			if each.status == "shipped" || each.status == "delivered" {
				shipped[n] += pieces
			}
		}
	}
	return planned, shipped
}

// returning are pieces in returns that were not rejected, returned those that are back.
func (p *purchase) returning() (returning, returned []int64) {
	returning, returned = make([]int64, len(p.Items)), make([]int64, len(p.Items))
	for _, each := range p.homecomings {
		for n, pieces := range each.pieces {
			if each.status != "rejected" {
				returning[n] += pieces
			}
			if each.status == "completed" {
				returned[n] += pieces
			}
		}
	}
	return returning, returned
}

// left is what no refund claims, by line.
func (p *purchase) left() []int64 {
	left := make([]int64, len(p.Items))
	for n, item := range p.Items {
		left[n] = price * item.Quantity
	}
	for _, each := range p.restitutions {
		for n, amount := range each.lines {
			if each.status != "failed" {
				left[n] -= amount
			}
		}
	}
	return left
}

// pieces is what is asked for of what is available: so many, or all of it for 0.
func pieces(available []int64, count int64) []int64 {
	some := make([]int64, len(available))
	for n, most := range available {
		some[n] = most
		if count > 0 {
			some[n] = min(most, count)
			if count -= some[n]; count == 0 {
				break
			}
		}
	}
	return some
}

func minus(a, b []int64) []int64 {
	out := make([]int64, len(a))
	for n := range a {
		out[n] = a[n] - b[n]
	}
	return out
}

func (p *purchase) items(pieces []int64) (items []order.Item) {
	for n, count := range pieces {
		if count > 0 {
			items = append(items, order.Item{VariantID: p.Items[n].VariantID, Quantity: count})
		}
	}
	return items
}

// planShipment claims pieces for a parcel.
func (s *shop) planShipment(p *purchase, id uuid.UUID, count int64, lost bool) (*parcel, error) {
	planned, shipped := p.planned()
	ordered := p.ordered()
	switch {
	case p.status != order.Confirmed && p.status != order.PartiallyShipped && p.status != order.PartiallyRefunded, p.cancel, sum(planned) == sum(ordered):
		return nil, order.ErrNotShippable
	case sum(p.left()) == 0 && s.w.broken != ShipsRefunded:
		return nil, order.ErrNotShippable
	}
	each := &parcel{id: id, pieces: pieces(minus(ordered, planned), count), status: "preparing", at: s.w.now, lost: lost}
	last := sum(planned)+sum(each.pieces) == sum(ordered)
	each.final = last && sum(planned) == sum(shipped)
	if p.Capture == "manual" && p.paymentStatus != "captured" {
		if each.capture = price * sum(each.pieces); last {
			each.capture = p.Total.Amount
			for _, other := range p.parcels {
				if other.status != "failed" {
					each.capture -= other.capture
				}
			}
		}
	}
	p.parcels, p.touched = append(p.parcels, each), s.w.now
	if p.fulfilment == "none" {
		p.fulfilment = "preparing"
	}
	return each, nil
}

func (p *purchase) parcel(each *parcel) order.Parcel {
	return order.Parcel{ShipmentID: each.id, OrderID: p.OrderID, UserID: p.UserID, Total: p.Total, Items: p.items(each.pieces), Capture: euro(each.capture), Final: each.final}
}

// mislaid reports whether the warehouse does not find a parcel's goods.
func (p *purchase) mislaid(id uuid.UUID) bool {
	for _, each := range p.parcels {
		if each.id == id {
			return each.lost
		}
	}
	return false
}

// moveShipment moves a parcel on, once.
func (s *shop) moveShipment(orderID, id uuid.UUID, from, to string, do func(p *purchase, each *parcel)) (order.State, error) {
	p := s.byID[orderID]
	for _, each := range p.parcels {
		switch {
		case each.id != id:
		case each.status == to, to == "shipped" && each.status == "delivered":
			return p.state(), nil
		case each.status != from:
			return order.State{}, order.ErrIllegalStep
		default:
			each.status, p.touched = to, s.w.now
			do(p, each)
			return p.state(), nil
		}
	}
	return order.State{}, order.ErrShipmentNotFound
}

func (s *shop) markShipped(in order.MarkShippedInput) (order.State, error) {
	return s.moveShipment(in.OrderID, in.ShipmentID, "preparing", "shipped", func(p *purchase, _ *parcel) {
		_, shipped := p.planned()
		complete := sum(shipped) == sum(p.ordered())
		if p.fulfilment = "partial"; complete {
			p.fulfilment = "shipped"
		}
		p.tookMoney(in.PaymentStatus)
		if p.status == order.Confirmed || p.status == order.PartiallyShipped {
			if p.status = order.PartiallyShipped; complete {
				p.status = order.Shipped
			}
		}
	})
}

// tookMoney is how the payment stands after a parcel's share was taken, "" when none was.
func (p *purchase) tookMoney(status string) {
	if status != "" && p.refunded == 0 && p.paymentStatus != "captured" {
		p.paymentStatus = status
	}
}

func (s *shop) markDelivered(in order.MarkDeliveredInput) (order.State, error) {
	return s.moveShipment(in.OrderID, in.ShipmentID, "shipped", "delivered", func(p *purchase, _ *parcel) {
		for _, each := range p.parcels {
			if each.status == "preparing" || each.status == "shipped" {
				return
			}
		}
		if p.fulfilment == "shipped" {
			p.fulfilment = "delivered"
			if p.status == order.Shipped {
				p.status = order.Delivered
			}
		}
	})
}

// failShipment lets the pieces of a parcel go, and plans the refund of what was
// taken with it, under the parcel's id.
func (s *shop) failShipment(in order.FailShipmentInput) (done order.Unshipped, err error) {
	p := s.byID[in.OrderID]
	planned := slices.ContainsFunc(p.restitutions, func(each *restitution) bool { return each.id == in.ShipmentID })
	underway := slices.ContainsFunc(p.restitutions, func(each *restitution) bool { return each.status == "requested" })
	if in.Taken.Amount > 0 && underway && !planned {
		return done, order.ErrOrderUnfinished
	}
	done.State, err = s.moveShipment(in.OrderID, in.ShipmentID, "preparing", "failed", func(p *purchase, each *parcel) {
		p.tookMoney(in.PaymentStatus)
		if planned, _ := p.planned(); p.fulfilment == "preparing" && sum(planned) == 0 {
			p.fulfilment = "none"
		}
		if in.Taken.Amount > 0 && s.w.broken != ForgetsParcelMoney {
			s.claimBack(p, each, in)
		}
	})
	for _, each := range p.restitutions {
		if err == nil && each.id == in.ShipmentID && each.status != "failed" {
			done.Refund = order.Restitution{RefundID: each.id, OrderID: p.OrderID, UserID: p.UserID, Total: p.Total, Amount: euro(sum(each.lines))}
		}
	}
	return done, err
}

// claimBack claims what the pieces of a parcel cost, as far as it was not given back.
func (s *shop) claimBack(p *purchase, of *parcel, in order.FailShipmentInput) {
	left, known, given := p.left(), in.Taken.Amount, int64(0)
	for _, each := range p.restitutions {
		if each.status == "failed" {
			continue
		}
		given += sum(each.lines)
		if slices.ContainsFunc(p.parcels, func(other *parcel) bool { return other.id == each.id }) {
			known += sum(each.lines)
		}
	}
	for _, other := range p.parcels {
		if other.status == "shipped" || other.status == "delivered" {
			known += other.capture
		}
	}
	most := min(in.Taken.Amount, max(in.Captured.Amount, min(known, p.Total.Amount))-given)
	each := &restitution{id: of.id, lines: make([]int64, len(left)), status: "requested", at: s.w.now}
	for n := range left {
		each.lines[n] = max(0, min(left[n], price*of.pieces[n], most-sum(each.lines)))
	}
	if sum(each.lines) > 0 {
		p.restitutions = append(p.restitutions, each)
	}
}

// followPayment is what the payment service's event tells of money that was taken.
func (s *shop) followPayment(of *paid) {
	p := s.byID[of.orderID]
	switch p.status {
	case order.Confirmed, order.PartiallyShipped, order.Shipped, order.Delivered:
	default:
		return
	}
	if p.cancel || p.paymentStatus != string(payment.StatusAuthorized) && p.paymentStatus != "partially_captured" {
		return
	}
	switch {
	case of.captured >= p.Total.Amount:
		p.paymentStatus = "captured"
	case of.captured > 0:
		p.paymentStatus = "partially_captured"
	}
}
