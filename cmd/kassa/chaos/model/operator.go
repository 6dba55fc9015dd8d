package model

import (
	"time"

	"kassa/activities/order"
	"kassa/workflows"
)

// reviewWithin is how long somebody has to approve an order.
const reviewWithin = 10 * time.Minute

// intervene plans what operators ask of an order's saga.
func (w *world) intervene(p *purchase, c customer) {
	ask := func(at time.Duration, update string) {
		if at > 0 {
			w.after(c.arrives+at, func() { w.update(p, update) })
		}
	}
	ask(c.held, workflows.HoldUpdate)
	ask(c.retried, workflows.RetryUpdate)
	if c.approved {
		ask(c.reviewed, workflows.ApproveUpdate)
	} else {
		ask(c.reviewed, workflows.RejectUpdate)
	}
	if c.held > 0 {
		w.after(c.arrives+c.held+w.upTo(time.Minute), func() { w.resume(p) })
	}
}

// update sends one, if there is a saga to hear it.
func (w *world) update(p *purchase, name string) {
	r := w.runs[workflows.CheckoutID(p.OrderID)]
	if r == nil || r.closed {
		return
	}
	w.tell("an operator asks %s to %s", w.nameOf(p.OrderID), name)
	r.happen(event{update: name, asks: order.Intervention{ID: w.id(), OrderID: p.OrderID, Kind: name}})
}

// resume asks the saga of a held order to go on, until the order is over: an
// operator who is refused looks again.
func (w *world) resume(p *purchase) {
	if p.status.Settled() {
		return
	}
	w.update(p, workflows.ResumeUpdate)
	w.after(5*time.Minute, func() { w.resume(p) })
}
