package model

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"kassa/activities/payment"
)

// paid is the payment of an order, as the payment service knows it.
type paid struct {
	id       uuid.UUID
	orderID  uuid.UUID
	amount   int64 // minor units
	manual   bool  // to be taken later
	status   payment.PaymentStatus
	voided   bool // nobody wants it any more
	intent   *intent
	open     bool      // an attempt has no answer yet
	busy     time.Time // until then somebody waits for one
	touched  time.Time
	captured int64
	held     int64
}

// attemptLasts is how long nobody takes over from somebody who waits.
const attemptLasts = 10 * time.Second

func (p *paid) payment() payment.Payment {
	return payment.Payment{ID: p.id, OrderID: p.orderID, Status: p.status, ActionURL: "https://bank.example"}
}

func (p *paid) undecided() bool {
	return p.status == payment.StatusPending || p.status == payment.StatusUnknown
}

// take takes over the open attempt, or says that somebody is at it.
func (s *shop) take(p *paid) bool {
	if p.open && s.w.now.Before(p.busy) {
		return false
	}
	p.open, p.busy = true, s.w.now.Add(attemptLasts)
	return true
}

// settle takes the provider's word, which is its word of now.
func (s *shop) settle(p *paid, i *intent) {
	p.intent, p.open, p.touched = i, false, s.w.now
	p.held, p.captured = 0, 0
	switch i.state {
	case needsAction:
		p.status = payment.StatusRequiresAction
	case holds:
		p.status, p.held = payment.StatusAuthorized, i.amount
	case taken:
		p.status, p.captured = payment.StatusCaptured, i.amount
	case returned:
		p.status = payment.StatusRefunded
	case canceled:
		p.status = payment.StatusVoided
	case declined:
		p.status = payment.StatusFailed
	}
}

// lost notes that nobody knows what came of an attempt.
func (s *shop) lost(p *paid) error {
	if s.w.broken == GivesUp && p.undecided() {
		p.status, p.open = payment.StatusFailed, false
		return payment.ErrCardDeclined
	}
	p.open, p.busy = true, time.Time{}
	if p.status == payment.StatusPending {
		p.status = payment.StatusUnknown
	}
	return payment.ErrProviderUnavailable
}

// step is what comes after a transaction, if the process lives on.
func (s *shop) step(alive func() bool, do func()) {
	w := s.w
	w.after(w.upTo(10*time.Millisecond), func() {
		if !w.healed() && w.chance(w.plan.serviceDies) && alive() {
			w.crash(s.pays, w.upTo(10*time.Second))
		}
		if alive() {
			do()
		}
	})
}

// authorizePayment is two transactions with the provider between them.
func (s *shop) authorizePayment(request any, alive func() bool, done func(any, error)) {
	in := request.(payment.AuthorizePaymentInput)
	answer := func(p *paid) {
		switch {
		case p.status == payment.StatusFailed:
			done(nil, payment.ErrCardDeclined)
		case p.voided && s.w.broken != PaymentTombstoneIgnored:
			done(nil, payment.ErrPaymentVoided)
		case p.undecided():
			done(nil, payment.ErrProviderUnavailable)
		default:
			done(p.payment(), nil)
		}
	}
	p := s.payments[in.OrderID]
	first := p == nil
	if !first && s.w.broken == PaymentTombstoneIgnored && p.voided && p.amount == 0 {
		first = true
	}
	switch {
	case first:
		p = &paid{id: s.w.id(), orderID: in.OrderID, amount: in.Amount.Amount, manual: in.Capture == payment.CaptureManual, status: payment.StatusPending, touched: s.w.now}
		s.payments[in.OrderID] = p
		s.take(p)
	case p.voided || !p.undecided():
		answer(p)
		return
	case !s.take(p):
		done(nil, payment.ErrPaymentInProgress)
		return
	}
	create := func() {
		s.toProvider(alive, "create", func() (*intent, bool) { return s.bank.create(s.key(in.OrderID), p) }, func(i *intent, fenced, heard bool) {
			switch {
			case !heard:
				done(nil, s.lost(p))
				return
			case fenced:
				p.status, p.open = payment.StatusVoided, false
			default:
				s.settle(p, i)
			}
			answer(p)
		})
	}
	s.step(alive, func() {
		if first {
			create()
			return
		}
		s.toProvider(alive, "search", func() (*intent, bool) { return s.bank.search(in.OrderID), false }, func(i *intent, _, heard bool) {
			switch {
			case !heard:
				done(nil, s.lost(p))
			case i != nil:
				s.settle(p, i)
				answer(p)
			default:
				create()
			}
		})
	})
}

// key is the provider's idempotency key of an order.
func (s *shop) key(orderID uuid.UUID) string {
	if s.w.broken == RandomKey {
		return s.w.id().String()
	}
	return orderID.String() + ":authorize:1"
}

// voidPayment leaves a tombstone and brings the payment to where no money is in it.
func (s *shop) voidPayment(request any, alive func() bool, done func(any, error)) {
	in := request.(payment.VoidPaymentInput)
	p := s.payments[in.OrderID]
	if p == nil {
		p = &paid{id: s.w.id(), orderID: in.OrderID, status: payment.StatusVoided}
		s.payments[in.OrderID] = p
	}
	p.voided, p.touched = true, s.w.now
	s.undo(p, 5, alive, done)
}

func (s *shop) undo(p *paid, turns int, alive func() bool, done func(any, error)) {
	again := func(i *intent, fenced, heard bool) {
		switch {
		case !heard:
			done(nil, s.lost(p))
			return
		case fenced:
			p.status, p.open, p.touched = payment.StatusVoided, false, s.w.now
		default:
			s.settle(p, i)
		}
		s.undo(p, turns-1, alive, done)
	}
	var ask string
	var do func() (*intent, bool)
	switch p.status {
	case payment.StatusPending, payment.StatusUnknown:
		ask, do = "fence", func() (*intent, bool) {
			if i := s.bank.search(p.orderID); i != nil {
				return i, false
			}
			return s.bank.fence(s.key(p.orderID))
		}
	case payment.StatusRequiresAction, payment.StatusAuthorized:
		ask, do = "cancel", func() (*intent, bool) { return s.bank.cancel(p.intent), false }
	case payment.StatusCaptured:
		ask, do = "refund", func() (*intent, bool) { return s.bank.refund(p.intent), false }
	default:
		done(p.payment(), nil)
		return
	}
	if turns == 0 || !s.take(p) {
		done(nil, payment.ErrPaymentInProgress)
		return
	}
	s.step(alive, func() { s.toProvider(alive, ask, do, again) })
}

// resolvePayment asks for the truth and never charges.
func (s *shop) resolvePayment(request any, alive func() bool, done func(any, error)) {
	p := s.payments[request.(payment.ResolvePaymentInput).OrderID]
	switch {
	case p == nil:
		done(nil, payment.ErrPaymentNotFound)
		return
	case p.voided:
		s.undo(p, 5, alive, done)
		return
	case !p.undecided() && p.status != payment.StatusRequiresAction:
		done(p.payment(), nil)
		return
	case !s.take(p):
		done(nil, payment.ErrPaymentInProgress)
		return
	}
	s.step(alive, func() {
		s.toProvider(alive, "search", func() (*intent, bool) { return s.bank.search(p.orderID), false }, func(i *intent, _, heard bool) {
			switch {
			case !heard:
				done(nil, s.lost(p))
				return
			case i != nil:
				s.settle(p, i)
			default:
				_ = s.lost(p)
			}
			done(p.payment(), nil)
		})
	})
}

func (s *shop) listUnsettledPayments(in payment.ListUnsettledPaymentsInput) (out payment.UnsettledPayments, _ error) {
	for _, each := range s.placed {
		if p := s.payments[each.OrderID]; p != nil && p.touched.Before(in.Before) && (p.undecided() || p.status == payment.StatusRequiresAction || p.voided && p.money()) {
			out.Orders = append(out.Orders, each.OrderID)
		}
	}
	return out, nil
}

func (s *shop) listOpenPayments(in payment.ListOpenPaymentsInput) (payment.OpenPayments, error) {
	return payment.OpenPayments{Orders: slices.DeleteFunc(slices.Clone(in.Orders), func(id uuid.UUID) bool {
		p := s.payments[id]
		return p == nil || !p.undecided() && !p.money() && p.status != payment.StatusRequiresAction
	})}, nil
}

func (p *paid) money() bool { return p.held > 0 || p.captured > 0 }
