package model

import (
	"strconv"

	"github.com/google/uuid"

	"kassa/activities/payment"
	"kassa/internal/fault"
)

// claim is a capture or a refund that somebody has asked for under an id of their own.
type claim struct {
	amount int64 // minor units
	final  bool
	done   bool
	why    *fault.Error // it was refused, for good
}

// made notes what the provider has done.
func made(ours map[uuid.UUID]*claim, theirs map[uuid.UUID]int) {
	for id := range theirs {
		if r := ours[id]; r != nil {
			r.done, r.why = true, nil
		}
	}
}

// attempt is a capture, a refund or a void that the provider is asked for.
type attempt struct {
	op      string
	key     string // the provider's idempotency key
	amount  int64  // minor units
	request uuid.UUID
	final   bool
}

func (p *paid) begin(op string, request uuid.UUID, amount int64, final bool) *attempt {
	p.attempts++
	return &attempt{op: op, key: p.orderID.String() + ":" + op + ":" + strconv.Itoa(p.attempts), amount: amount, request: request, final: final}
}

// turns is how often an operation looks what has come of it.
const turns = 5

// advance takes turns until look knows the answer. A turn moves on what is open
// at a payment; when nothing is, it performs what begin begins.
func (s *shop) advance(p *paid, turns int, alive func() bool, look func() (out any, known bool, err error), begin func() (*attempt, error), done func(any, error)) {
	out, known, err := look()
	switch {
	case known:
		done(out, err)
		return
	case turns == 0, p.open && !s.take(p):
		done(nil, payment.ErrPaymentInProgress)
		return
	}
	next := func(err error) {
		if err != nil {
			done(nil, err)
			return
		}
		s.advance(p, turns-1, alive, look, begin, done)
	}
	switch a := p.attempt; {
	case p.open && a == nil:
		s.step(alive, func() { s.decide(p, alive, next) })
	case p.open:
		s.step(alive, func() { s.resume(p, a, alive, next) })
	default:
		a, err := begin()
		if err != nil || a == nil {
			next(err)
			return
		}
		p.attempt = a
		s.take(p)
		s.step(alive, func() { s.perform(p, a, alive, next) })
	}
}

// decide brings an authorization without an answer to an end: one that nobody
// wants any more will never arrive.
func (s *shop) decide(p *paid, alive func() bool, next func(error)) {
	s.toProvider(alive, "fence", func() (*intent, bool) {
		if i := s.bank.search(p.orderID); i != nil || !p.voided {
			return i, false
		}
		return s.bank.fence(s.key(p.orderID))
	}, func(i *intent, fenced, heard bool) {
		switch {
		case !heard, i == nil && !fenced:
			next(s.lost(p))
			return
		case fenced:
			p.status, p.open, p.touched = payment.StatusVoided, false, s.w.now
		default:
			s.settle(p, i)
		}
		next(nil)
	})
}

// resume finds out what came of an attempt without an answer. When nothing is
// seen of it, it is sent again under the same key, unless nobody wants it.
func (s *shop) resume(p *paid, a *attempt, alive func() bool, next func(error)) {
	if s.w.broken == BlindRefund && a.op == "refund" {
		p.attempt = p.begin(a.op, a.request, a.amount, true)
		s.perform(p, p.attempt, alive, next)
		return
	}
	s.toProvider(alive, "look", func() (*intent, bool) { return p.intent, false }, func(i *intent, _, heard bool) {
		switch {
		case !heard:
			next(s.lost(p))
		case i.shows(a), p.voided && a.op != undoing(p):
			s.settle(p, i)
			next(nil)
		default:
			s.perform(p, a, alive, next)
		}
	})
}

// perform asks the provider. A definite no is no error: what was asked for is
// answered with it.
func (s *shop) perform(p *paid, a *attempt, alive func() bool, next func(error)) {
	s.toProvider(alive, a.op, func() (*intent, bool) { return p.intent, s.bank.perform(a.key, p.intent, a) }, func(i *intent, refused, heard bool) {
		switch {
		case !heard:
			next(s.lost(p))
			return
		case refused && !i.shows(a):
			p.refuse(a)
		}
		s.settle(p, i)
		next(nil)
	})
}

func (p *paid) refuse(a *attempt) {
	c, r := p.captures[a.request], p.refunds[a.request]
	switch {
	case a.op == "capture" && !a.final && p.intent.state == holds:
		c.why = payment.ErrCaptureIndivisible
	case a.op == "capture":
		c.why = payment.ErrPaymentNotCapturable
	case a.op == "refund":
		r.why = payment.ErrRefundFailed
	}
}

// shows reports whether an attempt has had its effect.
func (i *intent) shows(a *attempt) bool {
	switch a.op {
	case "capture":
		return i.captures[a.request] > 0
	case "refund":
		return i.refunds[a.request] > 0
	default:
		return i.state == canceled || i.state == taken
	}
}

// capturePayment takes what is held, or a part of it, once per capture id.
func (s *shop) capturePayment(in any, alive func() bool, done func(any, error)) {
	asked := in.(payment.CapturePaymentInput)
	p := s.payments[asked.OrderID]
	if p == nil {
		done(nil, payment.ErrPaymentNotFound)
		return
	}
	s.advance(p, turns, alive, func() (any, bool, error) {
		switch c := p.captures[asked.CaptureID]; {
		case c == nil:
			return p.payment(), p.status == payment.StatusCaptured && asked.Amount.IsZero(), nil
		case c.why != nil:
			return nil, true, c.why
		default:
			return p.payment(), c.done, nil
		}
	}, func() (*attempt, error) {
		if c := p.captures[asked.CaptureID]; c != nil {
			return p.capture(asked.CaptureID, c), nil
		}
		c := &claim{amount: asked.Amount.Amount, final: asked.Final}
		if asked.Amount.IsZero() {
			c.amount, c.final = p.held(), true
		}
		if why := p.uncapturable(c.amount); why != nil {
			return nil, why
		}
		p.captures[asked.CaptureID] = c
		return p.capture(asked.CaptureID, c), nil
	}, done)
}

// capture begins a capture, unless it cannot be made any more: then it is refused.
func (p *paid) capture(id uuid.UUID, c *claim) *attempt {
	if c.why = p.uncapturable(c.amount); c.why != nil {
		return nil
	}
	return p.begin("capture", id, c.amount, c.final || c.amount == p.held())
}

// readCapture answers what is left of what was taken under an id.
func (s *shop) readCapture(in payment.ReadCaptureInput) (payment.Capture, error) {
	p := s.payments[in.OrderID]
	out := payment.Capture{ID: in.CaptureID, Taken: euro(0), Left: euro(0), Captured: euro(p.captured)}
	if c := p.captures[in.CaptureID]; c != nil && c.done {
		out.Taken, out.Left = euro(c.amount), euro(min(c.amount, p.captured-p.claimed()))
	}
	return out, nil
}

func (p *paid) held() int64 { return p.authorized - p.captured }

// uncapturable is why an amount cannot be taken, nil when it can.
func (p *paid) uncapturable(amount int64) *fault.Error {
	switch {
	case p.status == payment.StatusCaptured, p.status == payment.StatusRefunded:
		return payment.ErrCaptureExceeds
	case p.status != payment.StatusAuthorized:
		return payment.ErrPaymentNotCapturable
	case p.voided:
		return payment.ErrPaymentVoided
	case amount > p.held():
		return payment.ErrCaptureExceeds
	}
	return nil
}

// claimed is what refunds that were not refused ask for.
func (p *paid) claimed() (sum int64) {
	for _, r := range p.refunds {
		if r.why == nil {
			sum += r.amount
		}
	}
	return sum
}

// refundPayment gives back what was taken, or a part of it, once per refund id.
func (s *shop) refundPayment(in any, alive func() bool, done func(any, error)) {
	asked := in.(payment.RefundPaymentInput)
	p := s.payments[asked.OrderID]
	if p == nil {
		done(nil, payment.ErrPaymentNotFound)
		return
	}
	amount := asked.Amount.Amount
	s.advance(p, turns, alive, func() (any, bool, error) {
		r := p.refunds[asked.RefundID]
		if r == nil && !p.voided && (p.status == payment.StatusAuthorized || p.status == payment.StatusCaptured) &&
			p.claimed()+amount <= p.captured {
			r = &claim{amount: amount}
			p.refunds[asked.RefundID] = r
		}
		switch {
		case r == nil:
			return nil, false, nil
		case r.why != nil:
			return nil, true, r.why
		}
		return payment.Refund{ID: asked.RefundID, Payment: p.payment(), Amount: asked.Amount, Status: payment.RefundSucceeded}, r.done, nil
	}, func() (*attempt, error) {
		switch {
		case p.refunds[asked.RefundID] == nil && p.undecided():
			return nil, payment.ErrPaymentInProgress
		case p.refunds[asked.RefundID] == nil && s.w.broken == ForgetsRefusal:
			return nil, payment.ErrRefundExceeds
		case p.refunds[asked.RefundID] == nil:
			p.refunds[asked.RefundID] = &claim{amount: amount, why: payment.ErrRefundExceeds}
			return nil, nil //nolint:nilnil // the next turn answers it
		case p.voided:
			return nil, payment.ErrPaymentInProgress
		}
		return p.begin("refund", asked.RefundID, amount, true), nil
	}, done)
}

// undoing is the next step towards where no money is left in a payment, or "".
func undoing(p *paid) string {
	switch p.status { //nolint:exhaustive // nothing is left in the others
	case payment.StatusRequiresAction, payment.StatusAuthorized:
		return "void"
	case payment.StatusCaptured:
		return "refund"
	}
	return ""
}

// startUndo begins that step. A refund of all that is left refuses those that
// nobody has begun to make.
func (s *shop) startUndo(p *paid) *attempt {
	if undoing(p) != "refund" {
		return p.begin("void", uuid.Nil, p.held(), true)
	}
	for _, r := range p.refunds {
		if !r.done && r.why == nil {
			r.why = payment.ErrRefundExceeds
		}
	}
	id, left := uuid.NewSHA1(p.orderID, []byte{byte(p.attempts)}), p.captured-p.refunded
	p.refunds[id] = &claim{amount: left}
	return p.begin("refund", id, left, true)
}
