package model

import (
	"time"

	"github.com/google/uuid"

	"kassa/activities/payment"
	"kassa/workflows"
)

// bank is the payment provider. It does what it is asked once per key.
type bank struct {
	w       *world
	intents []*intent
	keys    map[string]*intent // what came of a key; nil when it was spent on nothing
	refused map[string]bool    // by the keys of captures, refunds and voids: whether it said no
}

// intent is a payment as the provider knows it.
type intent struct {
	orderID uuid.UUID
	amount  int64 // minor units
	state   intentState
	charged bool // money was held or taken at some time
	shown   time.Time

	held, received, refunded int64             // minor units
	captures, refunds        map[uuid.UUID]int // how often it was done, by the id of who asked for it
}

type intentState int

const (
	needsAction intentState = iota
	holds
	taken
	canceled
	declined
)

// searchLags is how far a search may be behind.
const searchLags = 30 * time.Second

// toProvider asks the provider something and waits for the answer. The network
// there is as bad as anywhere.
func (s *shop) toProvider(alive func() bool, what string, do func() (*intent, bool), then func(i *intent, fenced, heard bool)) {
	s.w.ask("provider "+what, s.provider, 8*time.Second, func(_ func() bool, done func(any, error)) {
		i, fenced := do()
		done(answerOf{i, fenced}, nil)
	}, func(out any, _ error, heard bool) {
		s.step(alive, func() {
			a, _ := out.(answerOf)
			then(a.intent, a.fenced, heard)
		})
	})
}

type answerOf struct {
	intent *intent
	fenced bool
}

// create asks the customer's bank for money, once per key.
func (b *bank) create(key string, p *paid) (i *intent, fenced bool) {
	if i, used := b.keys[key]; used {
		return i, i == nil
	}
	i = &intent{orderID: p.orderID, amount: p.amount, shown: b.w.now.Add(b.w.upTo(searchLags)), captures: map[uuid.UUID]int{}, refunds: map[uuid.UUID]int{}}
	b.keys[key], b.intents = i, append(b.intents, i)
	c := b.w.shop.byID[p.orderID].customer
	switch {
	case c.declined:
		i.state = declined
	case c.asked:
		i.state = needsAction
		if c.answers > 0 {
			b.w.after(c.answers, func() { b.authenticated(i, c) })
		}
	default:
		b.charge(i, p.manual)
	}
	b.w.tell("the provider makes an intent of %s: %d", b.w.nameOf(p.orderID), i.state)
	return i, false
}

func (b *bank) charge(i *intent, manual bool) {
	i.charged, i.state, i.received = true, taken, i.amount
	if manual {
		i.state, i.held, i.received = holds, i.amount, 0
	}
}

// authenticated is the customer on the bank's page. A webhook tells, perhaps.
func (b *bank) authenticated(i *intent, c customer) {
	if i.state != needsAction {
		return
	}
	if i.state = declined; c.satisfies {
		b.charge(i, false)
	}
	for range b.w.dice.IntN(3) {
		b.w.after(b.w.upTo(20*time.Second), func() { b.w.shop.hear(i) })
	}
}

// hear is a webhook: the payment service looks again and tells the saga.
func (s *shop) hear(i *intent) {
	p := s.payments[i.orderID]
	if p == nil || p.open && s.w.now.Before(p.busy) {
		s.w.after(2*time.Second, func() { s.hear(i) })
		return
	}
	switch {
	case p.attempt != nil:
		s.resolvePayment(payment.ResolvePaymentInput{OrderID: i.orderID}, s.pays.alive(), func(any, error) {})
	default:
		s.settle(p, i)
		if p.voided && p.money() {
			s.undo(p, s.pays.alive(), func(any, error) {})
		}
	}
	if r := s.w.runs[workflows.CheckoutID(i.orderID)]; r != nil {
		r.happen(event{signal: workflows.PaymentChanged})
	}
}

// fence spends a key, so that a late request with it comes to nothing.
func (b *bank) fence(key string) (i *intent, fenced bool) {
	if i, used := b.keys[key]; used {
		return i, i == nil
	}
	b.keys[key] = nil
	return nil, true
}

func (b *bank) search(orderID uuid.UUID) *intent {
	var found *intent
	for _, i := range b.intents {
		if i.orderID == orderID && i.shown.Before(b.w.now) && (found == nil || !found.money()) {
			found = i
		}
	}
	return found
}

// perform takes, gives back or lets go, once per key, and reports whether it
// refuses to.
func (b *bank) perform(key string, i *intent, a *attempt) (refused bool) {
	if refused, sent := b.refused[key]; sent {
		return refused
	}
	c := b.w.shop.byID[i.orderID].customer
	switch {
	case a.op == "void" && (i.state == needsAction || i.state == holds):
		if i.held, i.state = 0, canceled; i.received > 0 {
			i.state = taken
		}
	case a.op == "capture" && i.state == holds && a.amount <= i.held && !c.blocked && (a.final || !c.indivisible):
		i.held, i.received = i.held-a.amount, i.received+a.amount
		if i.captures[a.request]++; a.final {
			i.held, i.state = 0, taken
		}
	case a.op == "refund" && a.amount <= i.received-i.refunded && (c.closed == 0 || b.w.now.Sub(beginning) > c.closed):
		i.refunded += a.amount
		i.refunds[a.request]++
	default:
		refused = true
	}
	b.refused[key] = refused
	b.w.tell("the provider is asked to %s %d of %s: %s", a.op, a.amount, b.w.nameOf(i.orderID), map[bool]string{false: "done", true: "refused"}[refused])
	return refused
}

func (i *intent) money() bool { return i.held > 0 || i.received > i.refunded }
