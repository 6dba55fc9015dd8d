package model

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/activities/payment"
)

// look is what must hold at the moment a parcel leaves: it is paid.
func (s *shop) look(p *purchase) {
	worth, given := int64(0), int64(0)
	for _, gone := range s.held[p.OrderID].gone {
		worth += price * gone
	}
	taken := int64(0)
	for _, i := range s.bank.intents {
		if i.orderID == p.OrderID {
			taken += i.received
			given += i.refunded
		}
	}
	claimed := int64(0) // by refunds that the order knows of: goodwill, mostly
	for _, each := range p.restitutions {
		if each.status != "failed" {
			claimed += sum(each.lines)
		}
	}
	if taken-max(given-claimed, 0) < worth {
		s.w.found = append(s.w.found, Finding{s.w.plan.seed, "P2", fmt.Sprintf("%s ships goods worth %d; %d is taken, %d given back", s.w.nameOf(p.OrderID), worth, taken, given)})
	}
	if claimed == p.Total.Amount {
		s.w.found = append(s.w.found, Finding{s.w.plan.seed, "O1", fmt.Sprintf("%s ships goods although all its money goes back", s.w.nameOf(p.OrderID))})
	}
}

type reporter func(invariant, format string, args ...any)

// auditLife checks the money and the goods of an order that was confirmed and
// not cancelled.
func (s *shop) auditLife(p *purchase, report reporter) {
	name, ours, r := s.w.nameOf(p.OrderID), s.payments[p.OrderID], s.held[p.OrderID]
	if ours == nil || ours.intent == nil {
		report("O2", "%s is %s without a payment", name, p.status)
		return
	}
	theirs, total := ours.intent, p.Total.Amount
	if ours.voided || ours.id != p.payment || ours.amount != total || ours.captured == 0 && ours.authorized != total || !ours.manual && ours.captured != total {
		report("O2", "%s is %s, and its payment is %s: %d authorized and %d captured of %d", name, p.status, ours.status, ours.authorized, ours.captured, total)
	}
	if ours.open || ours.authorized != theirs.held+theirs.received || ours.captured != theirs.received || ours.refunded != theirs.refunded {
		report("P4", "%s: we have %d authorized, %d captured, %d refunded (in doubt: %t); the provider holds %d, took %d, gave back %d",
			name, ours.authorized, ours.captured, ours.refunded, ours.open, theirs.held, theirs.received, theirs.refunded)
	}
	if ours.refunded < 0 || ours.refunded > ours.captured || ours.captured > ours.authorized || ours.authorized > ours.amount {
		report("P2", "%s: %d authorized, %d captured, %d refunded", name, ours.authorized, ours.captured, ours.refunded)
	}
	if ours.manual {
		s.auditClaims(name+" captured", ours.captured, ours.captures, theirs.captures, report)
	}
	s.auditClaims(name+" refunded", ours.refunded, ours.refunds, theirs.refunds, report)
	s.auditRefunds(p, ours, report)
	s.auditGoods(p, r, report)
}

// auditClaims checks that what was asked for under an id was done once.
func (s *shop) auditClaims(what string, sum int64, ours map[uuid.UUID]*claim, theirs map[uuid.UUID]int, report reporter) {
	done := int64(0)
	for id, c := range ours {
		if times := theirs[id]; times > 1 || c.done != (times == 1) {
			report("P1", "%s: %d by the provider, %d times", what, c.amount, times)
		}
		switch {
		case c.done:
			done += c.amount
		case c.why == nil:
			report("P3", "%s: %d, or not: nobody knows", what, c.amount)
		}
	}
	if done != sum {
		report("P2", "%s: %d, and what was asked for adds up to %d", what, sum, done)
	}
}

// auditRefunds checks that the order and its payment agree about the money.
func (s *shop) auditRefunds(p *purchase, ours *paid, report reporter) {
	name := s.w.nameOf(p.OrderID)
	known := int64(0)
	for _, each := range p.restitutions {
		r := ours.refunds[each.id]
		switch each.status {
		case "requested":
			report("stuck", "%s: a refund of %d is under way", name, sum(each.lines))
		case "succeeded":
			known += sum(each.lines)
		}
		if done := r != nil && r.done; done != (each.status == "succeeded") {
			report("O2", "%s: a refund of %d has %s, and its money was given back: %t", name, sum(each.lines), each.status, done)
		}
	}
	kept, byHand := int64(0), ours.refunded
	for _, each := range p.parcels {
		back, taken := ours.refunds[each.id], int64(0)
		for _, id := range []uuid.UUID{each.id, order.RestCapture(each.id)} {
			if c := ours.captures[id]; c != nil && c.done {
				taken += c.amount
			}
		}
		given := back != nil && back.done
		if each.status == "failed" {
			kept += taken
		}
		if given {
			kept, byHand = kept-back.amount, byHand-back.amount
		}
		switch {
		case each.status == "preparing":
			report("stuck", "%s: a parcel is being prepared", name)
		case each.status != "failed" && given:
			report("O2", "%s: %d was given back for a parcel that has left", name, back.amount)
		case given && back.amount > taken:
			report("O2", "%s: %d was given back for a parcel that never left, and less was taken", name, back.amount)
		}
	}
	if kept > byHand {
		report("O2", "%s: %d was taken for parcels that never left, and %d of it given back by hand", name, kept, byHand)
	}
	if known != p.refunded || known != ours.refunded {
		report("O2", "%s: refunds of %d succeeded, the order says %d, and its payment %d", name, known, p.refunded, ours.refunded)
	}
	expected := "captured"
	switch {
	case p.refunded == p.Total.Amount:
		expected = "refunded"
	case p.refunded > 0:
		expected = "partially_refunded"
	case ours.captured == 0:
		expected = string(payment.StatusAuthorized)
	case ours.captured < p.Total.Amount:
		expected = "partially_captured"
	}
	if p.paymentStatus != expected {
		report("O1", "%s says that its payment is %s; it is %s", name, p.paymentStatus, expected)
	}
	if refunded := p.refunded == p.Total.Amount; p.status != order.Returned && refunded != (p.status == order.Refunded) {
		report("O1", "%s is %s, with %d of %d refunded", name, p.status, p.refunded, p.Total.Amount)
	}
}

// auditGoods checks that the order and the warehouse agree about the goods.
func (s *shop) auditGoods(p *purchase, r *reservation, report reporter) {
	name := s.w.nameOf(p.OrderID)
	planned, shipped := p.planned()
	_, returned := p.returning()
	all := sum(shipped) == sum(p.ordered())
	switch refunded := p.refunded == p.Total.Amount; {
	case r == nil || !slices.Equal(r.lines, reservationOf(p)):
		report("I5", "%s is %s without its reservation", name, p.status)
		return
	case r.released && !refunded:
		report("I5", "%s is %s, but no stock is held", name, p.status)
	case r.live() && (all || refunded):
		report("I5", "%s is %s, all of it shipped: %t, and stock is held", name, p.status, all)
	}
	for _, each := range p.parcels {
		if left := r.parcels[each.id] != nil; left != (each.status == "shipped" || each.status == "delivered") {
			report("I3", "%s: a parcel has %s, and has left the warehouse: %t", name, each.status, left)
		}
	}
	for _, each := range p.homecomings {
		lines, back := r.back[each.id]
		switch {
		case each.status == "completed" && back != each.restock, each.status != "completed" && back, back && !slices.Equal(lines, linesOf(p.items(each.pieces))):
			report("I3", "%s: a return has %s, and its goods are in the warehouse: %t", name, each.status, back)
		case each.status != "completed" && each.status != "rejected":
			report("stuck", "%s: a return is %s", name, each.status)
		}
	}
	expected := map[bool]string{true: "none", false: "preparing"}[sum(planned) == 0]
	switch {
	case all && p.fulfilment == "delivered":
		expected = "delivered"
	case all:
		expected = "shipped"
	case sum(shipped) > 0:
		expected = "partial"
	}
	if p.fulfilment != expected || sum(planned) > sum(p.ordered()) || sum(returned) > sum(shipped) {
		report("O1", "%s is %s, with %d of %d pieces planned, %d shipped, %d returned", name, p.fulfilment, sum(planned), sum(p.ordered()), sum(shipped), sum(returned))
	}
	if sum(returned) == sum(p.ordered()) != (p.status == order.Returned) {
		report("O1", "%s is %s, with %d pieces returned", name, p.status, sum(returned))
	}
}

func linesOf(items []order.Item) []inventory.StockLine {
	lines := make([]inventory.StockLine, len(items))
	for i, item := range items {
		lines[i] = inventory.StockLine{VariantID: item.VariantID, Quantity: item.Quantity}
	}
	return lines
}
