package model

import (
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/workflow"

	"kassa/activities/order"
	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/workflows"
)

// deed is what somebody does to an order after it was confirmed. One who is
// refused tries again, some times.
type deed struct {
	what      string
	after     time.Duration // the confirmation
	count     int64         // pieces, or hundreds of the currency's minor units; 0 for all that is left
	then      time.Duration // until somebody says that the parcel has arrived, or decides about the return
	accepts   bool          // the return is approved and arrives; otherwise it is rejected or expires
	restocks  bool
	lost      bool          // the warehouse does not find the parcel's goods
	forgotten bool          // it is written down, and the start of its saga is lost
	stopped   time.Duration // then somebody cancels the saga; 0 for never
	struck    time.Duration // then an operator terminates the saga, or resets it; 0 for never
	reset     bool
}

// What can be done.
const (
	ships     = "ship"
	refunds   = "refund"
	refundsOf = "refund pieces"
	returns   = "return"
	takes     = "take the money by hand"
	cancels   = "cancel"
)

// deliverWithin is after how long a parcel is taken for delivered, and a return
// that nobody decides about for rejected.
const deliverWithin = 3 * time.Minute

// drawDeeds lets some schedules go on after the checkout.
func (p *plan) drawDeeds(seed uint64) {
	dice := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // a repeatable run needs no secrets
	upTo := func(d time.Duration) time.Duration { return time.Duration(dice.Int64N(int64(d))) + 1 }
	if dice.IntN(3) > 0 {
		return
	}
	p.stock += 4
	for n := range p.customers {
		c := &p.customers[n]
		if dice.IntN(4) == 0 {
			continue
		}
		if c.declined = false; !c.asked {
			c.manual = dice.IntN(2) == 0
		}
		c.indivisible, c.blocked = dice.IntN(6) == 0, dice.IntN(10) == 0
		if dice.IntN(6) == 0 {
			c.closed = upTo(10 * time.Minute)
		}
		if dice.IntN(12) == 0 {
			p.mends = true
			c.closed, c.deeds = 0, []deed{{what: ships, after: upTo(time.Second), count: dice.Int64N(3), lost: true}}
			p.drawLoss(c, rand.New(rand.NewPCG(seed, 4+uint64(n)))) //nolint:gosec // a repeatable run needs no secrets
			continue
		}
		for range 1 + dice.IntN(5) {
			d := deed{
				what:  []string{ships, ships, ships, refunds, refunds, refundsOf, returns, returns, takes, cancels}[dice.IntN(10)],
				after: upTo([]time.Duration{100 * time.Millisecond, 2 * time.Second, time.Minute}[dice.IntN(3)]),
				then:  upTo([]time.Duration{time.Second, 2 * deliverWithin}[dice.IntN(2)]), accepts: dice.IntN(4) > 0, restocks: dice.IntN(4) > 0,
			}
			if dice.IntN(3) > 0 {
				d.count = 1 + dice.Int64N(2)
				if d.what == refunds || d.what == takes {
					d.count = 1 + dice.Int64N(15)
				}
			}
			if len(c.deeds) == 0 && dice.IntN(2) == 0 {
				d.what = ships
			}
			switch {
			case p.operator:
				d.forgotten, d.reset = dice.IntN(4) == 0, dice.IntN(2) == 0
				if dice.IntN(2) == 0 {
					d.struck = upTo(10 * time.Second)
				}
			case dice.IntN(10) == 0:
				d.stopped = upTo(10 * time.Second)
			}
			c.deeds = append(c.deeds, d)
		}
	}
}

// drawLoss is what happens while the warehouse refuses a parcel: its saga is ended
// or sent back, and staff refund or take money by hand. They ship nothing.
func (p *plan) drawLoss(c *customer, dice *rand.Rand) {
	upTo := func(d time.Duration) time.Duration { return time.Duration(dice.Int64N(int64(d))) + 1 }
	if dice.IntN(2) == 0 {
		p.operator = true
		c.deeds[0].struck = upTo([]time.Duration{100 * time.Millisecond, time.Second, time.Minute}[dice.IntN(3)])
		c.deeds[0].reset, c.deeds[0].forgotten = dice.IntN(3) == 0, dice.IntN(8) == 0
	}
	for range dice.IntN(3) {
		d := deed{what: []string{refunds, refundsOf, takes}[dice.IntN(3)], after: c.deeds[0].after + upTo([]time.Duration{100 * time.Millisecond, 2 * time.Second}[dice.IntN(2)])}
		if d.count = 1 + dice.Int64N(2); d.what != refundsOf {
			d.count = 1 + dice.Int64N(15)
		}
		c.deeds = append(c.deeds, d)
	}
}

// live begins the life of an order that was confirmed.
func (w *world) live(p *purchase, paymentStatus string) {
	if p.fulfilment != "" {
		return
	}
	p.fulfilment, p.paymentStatus = "none", paymentStatus
	for _, d := range p.customer.deeds {
		w.deeds++
		w.after(d.after, func() { w.try(p, d, 5) })
	}
}

// try does a deed, or tries again later when it is refused.
func (w *world) try(p *purchase, d deed, times int) {
	err := w.do(p, d)
	w.tell("somebody wants to %s %d of %s: %v", d.what, d.count, w.nameOf(p.OrderID), outcome("", err))
	if err == nil || times == 0 {
		w.deeds--
		return
	}
	w.after(w.upTo(20*time.Second), func() { w.try(p, d, times-1) })
}

func (w *world) do(p *purchase, d deed) error {
	s, id := w.shop, w.id()
	switch d.what {
	case ships:
		each, err := s.planShipment(p, id, d.count, d.lost)
		if err != nil {
			return err
		}
		in := p.parcel(each)
		in.DeliverSeconds = int64(deliverWithin / time.Second)
		w.begin(d, workflows.FulfilID(id), "Fulfil", in)
		w.after(d.then, func() {
			if _, err := s.markDelivered(order.MarkDeliveredInput{OrderID: p.OrderID, ShipmentID: id}); err == nil {
				w.nudge(workflows.FulfilID(id), workflows.ShipmentDelivered)
			}
		})
	case refunds, refundsOf:
		amount, of := 100*d.count, []int64(nil)
		if d.what == refundsOf {
			amount, of = 0, pieces(p.ordered(), d.count)
		}
		back, err := s.planRefund(p, id, amount, of, false)
		if err != nil {
			return err
		}
		w.begin(d, workflows.RefundID(id), "Refund", back)
	case returns:
		each, err := s.requestReturn(p, id, d.count)
		if err != nil {
			return err
		}
		w.comesHome(p, each, d)
	case takes:
		w.take(payment.CapturePaymentInput{OrderID: p.OrderID, CaptureID: id, Amount: euro(100 * d.count)})
	case cancels:
		return w.cancel(p)
	}
	return nil
}

// begin starts the saga of a deed, and troubles it.
func (w *world) begin(d deed, id, saga string, in any) {
	start := func() { w.start(id, w.sagaOf(saga, in)) }
	if !d.forgotten {
		start()
		if w.chance(0.1) {
			w.after(w.upTo(10*time.Second), start) // the request is repeated
		}
	}
	if d.stopped > 0 {
		w.after(d.stopped, func() { w.runs[id].happen(event{cancel: true}) })
	}
	if d.struck > 0 {
		w.after(d.struck, func() { w.strike(id, d.reset) })
	}
}

// comesHome is a return, and what is decided about it.
func (w *world) comesHome(p *purchase, each *homecoming, d deed) {
	id := workflows.ReturnID(each.id)
	in := p.homecoming(each)
	in.ExpireSeconds = int64(deliverWithin / time.Second)
	w.begin(d, id, "Return", in)
	decide := func(after time.Duration, to string, from ...string) {
		w.after(after, func() {
			if w.shop.decideReturn(each, to, from...) == nil {
				w.start(id, w.sagaOf("Return", in))
				w.nudge(id, workflows.ReturnChanged)
			}
		})
	}
	each.restock = d.restocks
	if d.accepts {
		decide(d.then/3, "approved", "requested")
		decide(d.then, "received", "approved")
	}
	decide(4*deliverWithin, "rejected", "requested", "approved") // a saga that Reconcile has started waits for ever
}

// nudge signals a saga, if there is one.
func (w *world) nudge(id, signal string) {
	if r := w.runs[id]; r != nil {
		r.happen(event{signal: signal})
	}
}

// take takes money by hand, until there is an answer.
func (w *world) take(in payment.CapturePaymentInput) {
	w.call("CapturePayment", in, 10*time.Second, func(_ any, err error) {
		if err != nil && !final(err) {
			w.after(5*time.Second, func() { w.take(in) })
		}
	})
}

// cancel asks for the end of an order, as long as nothing of it is on its way.
func (w *world) cancel(p *purchase) error {
	if err := p.cancellable(); err != nil && w.broken != CancelsShipped {
		return err
	}
	p.cancel, p.touched = true, w.now
	if !p.customer.forgotten {
		w.start(workflows.CancelID(p.OrderID), w.sagaOf("Cancel", p.Purchase))
	}
	return nil
}

func (p *purchase) cancellable() *fault.Error {
	switch {
	case p.cancel, p.status.Settled() && p.status != order.Confirmed && p.status != order.PartiallyRefunded:
		return order.ErrOrderClosed
	case p.fulfilment != "" && p.fulfilment != "none":
		return order.ErrShipmentBegun
	}
	for _, each := range p.restitutions {
		if each.status == "requested" {
			return order.ErrRefundUnderway
		}
	}
	return nil
}

// strike terminates a saga or resets it, if there is one.
func (w *world) strike(id string, reset bool) {
	r := w.runs[id]
	switch {
	case r == nil:
	case reset && len(r.history) > 0:
		r.reset(w.dice.IntN(len(r.history)))
	default:
		r.terminate()
	}
}

// answered makes a saga's answer one of any kind.
func answered[In, Out any](saga func(workflow.Context, In) (Out, error), in any) func(workflow.Context) (any, error) {
	return func(ctx workflow.Context) (any, error) { return saga(ctx, in.(In)) }
}
