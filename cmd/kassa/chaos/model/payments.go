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
	attempt  *attempt  // that one; nil when it is to authorize
	attempts int       // after the one to authorize: they number the keys
	busy     time.Time // until then somebody waits for an answer
	touched  time.Time

	authorized, captured, refunded int64 // minor units
	captures, refunds              map[uuid.UUID]*claim
}

func (s *shop) newPaid(orderID uuid.UUID, status payment.PaymentStatus) *paid {
	p := &paid{id: s.w.id(), orderID: orderID, status: status, touched: s.w.now, captures: map[uuid.UUID]*claim{}, refunds: map[uuid.UUID]*claim{}}
	s.payments[orderID] = p
	return p
}

// attemptLasts is how long nobody takes over from somebody who waits.
const attemptLasts = 10 * time.Second

func (p *paid) payment() payment.Payment {
	return payment.Payment{ID: p.id, OrderID: p.orderID, Status: p.status, ActionURL: "https://bank.example", Captured: euro(p.captured)}
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
	p.intent, p.open, p.attempt, p.touched = i, false, nil, s.w.now
	before := p.captured
	p.authorized, p.captured, p.refunded = i.held+i.received, i.received, i.refunded
	switch i.state {
	case needsAction:
		p.status = payment.StatusRequiresAction
	case holds:
		p.status = payment.StatusAuthorized
	case taken:
		if p.status = payment.StatusCaptured; i.refunded == i.received {
			p.status = payment.StatusRefunded
		}
	case canceled:
		p.status = payment.StatusVoided
	case declined:
		p.status = payment.StatusFailed
	}
	made(p.captures, i.captures)
	made(p.refunds, i.refunds)
	if p.manual && p.captured > before {
		s.w.after(s.w.upTo(time.Second), func() { s.followPayment(p) })
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
		p = s.newPaid(in.OrderID, payment.StatusPending)
		p.amount, p.manual = in.Amount.Amount, in.Capture == payment.CaptureManual
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
		p = s.newPaid(in.OrderID, payment.StatusVoided)
	}
	p.voided, p.touched = true, s.w.now
	s.undo(p, alive, done)
}

func (s *shop) undo(p *paid, alive func() bool, done func(any, error)) {
	s.advance(p, turns, alive, func() (any, bool, error) {
		return p.payment(), !p.open && !p.undecided() && undoing(p) == "", nil
	}, func() (*attempt, error) { return s.startUndo(p), nil }, done)
}

// resolvePayment asks for the truth and never charges.
func (s *shop) resolvePayment(request any, alive func() bool, done func(any, error)) {
	p := s.payments[request.(payment.ResolvePaymentInput).OrderID]
	switch {
	case p == nil:
		done(nil, payment.ErrPaymentNotFound)
		return
	case p.voided:
		s.undo(p, alive, done)
		return
	case p.attempt != nil:
		s.advance(p, turns, alive, func() (any, bool, error) { return p.payment(), !p.open, nil }, nil, done)
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
		if p := s.payments[each.OrderID]; p != nil && p.touched.Before(in.Before) && (p.undecided() || p.open || p.status == payment.StatusRequiresAction || p.voided && p.money()) {
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

// money reports whether something is held, or was taken and not given back.
func (p *paid) money() bool { return p.authorized > p.refunded }
