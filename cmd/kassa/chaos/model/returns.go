package model

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
)

// planRefund claims an amount, or what some pieces are worth, or all that is left.
func (s *shop) planRefund(p *purchase, id uuid.UUID, amount int64, pieces []int64, ours bool) (order.Restitution, error) {
	back := order.Restitution{RefundID: id, OrderID: p.OrderID, UserID: p.UserID, Total: p.Total}
	for _, before := range p.restitutions {
		if before.id == id {
			if back.Amount = euro(sum(before.lines)); before.status == "failed" {
				back.Amount = euro(0)
			}
			return back, nil
		}
	}
	left := p.left()
	most := sum(left)
	planned, shipped := p.planned()
	switch p.paymentStatus {
	case "captured", "partially_captured", "partially_refunded":
	default:
		return back, order.ErrNotRefundable
	}
	switch {
	case !p.status.Bought() || p.cancel || ours && s.completed(id):
		return back, order.ErrNotRefundable
	case p.unshipping():
		return back, order.ErrRefundUnderway
	case amount > most:
		return back, order.ErrRefundExceeds
	}
	each := &restitution{id: id, lines: left, status: "requested", ours: ours, at: s.w.now}
	for n := range left {
		switch {
		case pieces != nil:
			left[n] = min(left[n], price*pieces[n])
		case amount > 0:
			left[n] = min(left[n], amount-sum(left[:n]))
		}
	}
	switch claims := sum(left); {
	case claims == 0:
		return back, order.ErrRefundExceeds
	case claims == most && sum(planned) > sum(shipped):
		return back, order.ErrShipmentBusy
	}
	p.restitutions, p.touched = append(p.restitutions, each), s.w.now
	back.Amount = euro(sum(left))
	return back, nil
}

// unshipping reports whether the money of a parcel that failed is going back.
func (p *purchase) unshipping() bool {
	return slices.ContainsFunc(p.restitutions, func(each *restitution) bool {
		return each.status == "requested" && slices.ContainsFunc(p.parcels, func(of *parcel) bool { return of.id == each.id })
	})
}

func (s *shop) moveRefund(orderID, id uuid.UUID, to string, do func(p *purchase, each *restitution)) (*purchase, error) {
	p := s.byID[orderID]
	for _, each := range p.restitutions {
		switch {
		case each.id != id:
		case each.status == to:
			return p, nil
		case each.status != "requested":
			return p, order.ErrIllegalStep
		default:
			each.status, each.made, p.touched = to, s.w.now, s.w.now
			do(p, each)
			return p, nil
		}
	}
	return p, order.ErrRefundNotFound
}

func (s *shop) completeRefund(in order.CompleteRefundInput) (order.Restored, error) {
	p, err := s.moveRefund(in.OrderID, in.RefundID, "succeeded", func(p *purchase, each *restitution) {
		p.refunded += sum(each.lines)
		full := p.refunded == p.Total.Amount
		status := order.PartiallyRefunded
		if p.paymentStatus = "partially_refunded"; full {
			status, p.paymentStatus = order.Refunded, "refunded"
		}
		if p.status != order.Returned && (full || p.status != order.Refunded) {
			p.status = status
		}
	})
	unshipped := p.fulfilment != "shipped" && p.fulfilment != "delivered"
	return order.Restored{State: p.state(), Release: err == nil && p.refunded == p.Total.Amount && unshipped}, err
}

func (s *shop) failRefund(in order.FailRefundInput) (order.State, error) {
	p, err := s.moveRefund(in.OrderID, in.RefundID, "failed", func(*purchase, *restitution) {})
	return p.state(), err
}

// requestReturn claims shipped pieces for a return.
func (s *shop) requestReturn(p *purchase, id uuid.UUID, count int64) (*homecoming, error) {
	_, shipped := p.planned()
	returning, _ := p.returning()
	if !p.status.Bought() || sum(shipped) == sum(returning) {
		return nil, order.ErrNotReturnable
	}
	each := &homecoming{id: id, pieces: pieces(minus(shipped, returning), count), status: "requested", restock: true, at: s.w.now}
	p.homecomings, p.touched = append(p.homecomings, each), s.w.now
	return each, nil
}

func (p *purchase) homecoming(each *homecoming) order.Homecoming {
	return order.Homecoming{ReturnID: each.id, OrderID: p.OrderID, UserID: p.UserID, Total: p.Total, Items: p.items(each.pieces)}
}

// returned finds a return by its id.
func (s *shop) returned(id uuid.UUID) (*purchase, *homecoming) {
	for _, p := range s.placed {
		for _, each := range p.homecomings {
			if each.id == id {
				return p, each
			}
		}
	}
	return nil, nil
}

func (s *shop) completed(id uuid.UUID) bool {
	_, each := s.returned(id)
	return each.status == "completed"
}

func (r *homecoming) state() order.ReturnState {
	return order.ReturnState{ReturnID: r.id, Status: r.status, Restock: r.restock}
}

// decideReturn moves a return on, once.
func (s *shop) decideReturn(each *homecoming, to string, from ...string) error {
	if each.status == to {
		return nil
	}
	for _, status := range from {
		if each.status == status {
			each.status, each.at = to, s.w.now
			return nil
		}
	}
	return order.ErrIllegalStep
}

func (s *shop) readReturnState(in order.ReadReturnInput) (order.ReturnState, error) {
	_, each := s.returned(in.ReturnID)
	return each.state(), nil
}

func (s *shop) expireReturn(in order.ReadReturnInput) (order.ReturnState, error) {
	_, each := s.returned(in.ReturnID)
	_ = s.decideReturn(each, "rejected", "requested", "approved") // one that has gone on stays as it is
	return each.state(), nil
}

// planReturnRefund plans the refund of a return's goods, under the return's id.
func (s *shop) planReturnRefund(in order.ReadReturnInput) (order.Restitution, error) {
	p, each := s.returned(in.ReturnID)
	planned, err := s.planRefund(p, in.ReturnID, 0, each.pieces, true)
	switch {
	case errors.Is(err, order.ErrRefundExceeds), errors.Is(err, order.ErrNotRefundable):
		return order.Restitution{RefundID: in.ReturnID, OrderID: p.OrderID}, nil
	case errors.Is(err, order.ErrShipmentBusy), errors.Is(err, order.ErrRefundUnderway):
		return planned, order.ErrOrderUnfinished
	}
	return planned, err
}

func (s *shop) completeReturn(in order.ReadReturnInput) (order.ReturnState, error) {
	p, each := s.returned(in.ReturnID)
	was := each.status
	if err := s.decideReturn(each, "completed", "received"); err != nil {
		return order.ReturnState{}, err
	}
	if _, returned := p.returning(); was == "received" && sum(returned) == sum(p.ordered()) {
		p.status = order.Returned
	}
	return each.state(), nil
}

// listUnsettled adds parcels, refunds and returns that should have a saga at work.
func (p *purchase) listUnsettled(in order.ListUnsettledInput, out *order.Unsettled) {
	for _, each := range p.parcels {
		if each.status == "preparing" && each.at.Before(in.Before) {
			out.Parcels = append(out.Parcels, p.parcel(each))
		}
	}
	last := p.refunded == p.Total.Amount && p.fulfilment != "shipped" && p.fulfilment != "delivered"
	for _, each := range p.restitutions {
		if !each.ours && (each.status == "requested" && each.at.Before(in.Before) || last && each.status == "succeeded" && each.made.Before(in.Before) && each.made.After(in.Before.Add(-time.Hour))) {
			out.Refunds = append(out.Refunds, order.Restitution{RefundID: each.id, OrderID: p.OrderID, UserID: p.UserID, Total: p.Total, Amount: euro(sum(each.lines))})
		}
	}
	for _, each := range p.homecomings {
		if (each.status == "requested" || each.status == "approved" || each.status == "received") && each.at.Before(in.Before) {
			out.Returns = append(out.Returns, p.homecoming(each))
		}
	}
}
