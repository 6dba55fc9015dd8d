package model

import (
	"fmt"
	"maps"
	"slices"

	"kassa/activities/order"
	"kassa/activities/payment"
)

// Finding is an invariant that does not hold at the end of a schedule.
type Finding struct {
	Seed      uint64 `json:"seed"`      // of the schedule
	Invariant string `json:"invariant"` // its id, as in kassa verify; "stuck", "lost" or "model" for what has none
	What      string `json:"what"`
}

// String is the finding for people.
func (f Finding) String() string { return fmt.Sprintf("seed %d: %s: %s", f.Seed, f.Invariant, f.What) }

// audit checks what must hold when everything has come to rest.
func (w *world) audit() (found []Finding) {
	report := func(invariant, format string, args ...any) {
		found = append(found, Finding{Seed: w.plan.seed, Invariant: invariant, What: fmt.Sprintf(format, args...)})
	}
	found = append(found, w.found...)
	for _, what := range w.wrong {
		report("model", "%s", what)
	}
	for _, id := range slices.Sorted(maps.Keys(w.runs)) {
		if !w.runs[id].closed {
			report("stuck", "%s has not ended", id)
		}
	}
	s := w.shop
	reserved, left, carried := map[*level]int64{}, map[*level]int64{}, 0
	for _, p := range s.placed {
		name := w.nameOf(p.OrderID)
		ours, charges, charged, waits := s.payments[p.OrderID], 0, int64(0), false
		for _, i := range s.bank.intents {
			if i.orderID == p.OrderID && i.charged {
				charges++
			}
			if i.orderID == p.OrderID && i.money() {
				charged += i.held + i.received - i.refunded
			}
			waits = waits || i.orderID == p.OrderID && i.state == needsAction
		}
		r := s.held[p.OrderID]
		live := r != nil && r.live()
		if r != nil {
			for _, line := range r.lines {
				l := s.shelf[line.VariantID]
				if left[l] += r.gone[line.VariantID]; live {
					reserved[l] += line.Quantity - r.gone[line.VariantID]
				}
			}
			for _, lines := range r.back {
				for _, line := range lines {
					left[s.shelf[line.VariantID]] -= line.Quantity
				}
			}
		}
		used := s.coupons.redeemed[p.OrderID]
		if used {
			carried++
		}
		if charges > 1 {
			report("P1", "%s was charged %d times", name, charges)
		}
		switch {
		case p.status.Bought():
			if p.cancel {
				report("stuck", "%s is %s, and should be cancelled", name, p.status)
			}
			s.auditLife(p, report)
			if used != p.customer.coupon {
				report("O7", "%s is bought; its coupon: %t, used: %t", name, p.customer.coupon, used)
			}
		case p.status.Closed():
			if charged != 0 || waits || ours != nil && (ours.money() || ours.undecided()) {
				report("O3", "%s is %s, and its payment is %s; the provider has %d", name, p.status, statusOf(ours), charged)
			}
			if live {
				report("I4", "%s is %s and holds stock", name, p.status)
			}
			if used {
				report("O7", "%s is %s and has used a coupon", name, p.status)
			}
		default:
			report("stuck", "%s is %s", name, p.status)
		}
		if p.told == order.Confirmed && !p.status.Bought() && !p.cancel && !w.plan.operator {
			report("lost", "%s was confirmed to the customer and is %s", name, p.status)
		}
	}
	if c := s.coupons; c.taken != carried || c.taken > c.uses {
		report("O7", "%d of %d uses of the coupon are taken, %d by orders", c.taken, c.uses, carried)
	}
	for n, l := range w.plan.variants {
		if l := s.shelf[l]; l.reserved < 0 || l.reserved > l.onHand || l.reserved != reserved[l] {
			report("I1", "variant %d: %d on hand, %d reserved, %d by live reservations", n, l.onHand, l.reserved, reserved[l])
		} else if l.onHand+left[l] != w.plan.stock {
			report("I3", "variant %d: %d on hand and %d with customers, of %d", n, l.onHand, left[l], w.plan.stock)
		}
	}
	return found
}

func statusOf(p *paid) payment.PaymentStatus {
	if p == nil {
		return "none"
	}
	return p.status
}
