package model

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/inventory"
	"kassa/activities/order"
	"kassa/internal/money"
	"kassa/workflows"
)

// plan is a schedule: what is drawn before it begins. What goes wrong on the
// way is drawn as it goes.
type plan struct {
	seed        uint64
	trouble     float64       // how often a request is lost, late, unanswered or doubled
	workerDies  float64       // how often the worker of a saga dies between two things
	serviceDies float64       // how often the payment service dies between two things
	heal        time.Duration // from then on nothing goes wrong any more
	mends       bool          // Reconcile finishes what a saga that began again took for done
	operator    bool          // somebody terminates and resets sagas, or a start is lost: Reconcile has work
	variants    []uuid.UUID
	stock       int64 // units of each variant
	coupons     int   // uses of the coupon
	customers   []customer
}

// customer is who buys one order.
type customer struct {
	arrives   time.Duration
	lines     []int64 // units by variant, 0 for none
	manual    bool    // the money is to be taken later
	declined  bool    // the bank says no
	asked     bool    // the bank wants to see the customer
	answers   time.Duration
	satisfies bool
	regrets   time.Duration // asks for a cancellation then; 0 for never
	coupon    bool          // orders with the coupon
	forgotten bool          // the order is placed, and the start of its saga is lost
	held      time.Duration // then an operator holds the order, until they resume it; 0 for never
	retried   time.Duration // then an operator tells the saga not to wait; 0 for never
	reviewed  time.Duration // somebody must approve the order, and decides then; 0 when nobody must
	approved  bool
	struck    time.Duration // then an operator terminates the saga, or resets it; 0 for never
	reset     bool

	deeds       []deed        // what is done after the order was confirmed
	indivisible bool          // the card's money can be taken once only
	blocked     bool          // the card's money cannot be taken, only held
	closed      time.Duration // until then nothing can be given back; 0 for never
}

var weather = []float64{0, 0.02, 0.1, 0.1, 0.25, 0.5}

// draw makes a plan of a seed.
func draw(seed uint64) plan {
	dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a repeatable run needs no secrets
	some := func(of []float64) float64 { return of[dice.IntN(len(of))] }
	upTo := func(d time.Duration) time.Duration { return time.Duration(dice.Int64N(int64(d))) + 1 }
	p := plan{
		seed: seed, trouble: some(weather), workerDies: some(weather) / 2, serviceDies: some(weather) / 2,
		heal: 5*time.Second + upTo(2*time.Minute), stock: 1 + dice.Int64N(6), coupons: 1 + dice.IntN(2), operator: dice.IntN(6) == 0,
	}
	for range 1 + dice.IntN(2) {
		p.variants = append(p.variants, idOf(dice))
	}
	for range 1 + dice.IntN(3) {
		c := customer{manual: dice.IntN(5) == 0, lines: make([]int64, len(p.variants))}
		if dice.IntN(2) == 0 {
			c.arrives = upTo(2 * time.Second)
		}
		for n := range c.lines {
			c.lines[n] = dice.Int64N(3)
		}
		c.lines[dice.IntN(len(c.lines))] = 1 + dice.Int64N(2)
		c.coupon = dice.IntN(3) == 0
		switch dice.IntN(8) {
		case 0:
			c.declined = true
		case 1, 2:
			c.asked, c.manual, c.satisfies = true, false, dice.IntN(3) > 0
			if dice.IntN(4) > 0 {
				c.answers = upTo(20 * time.Minute)
			}
		}
		if dice.IntN(3) == 0 {
			c.regrets = upTo([]time.Duration{50 * time.Millisecond, 5 * time.Second, 2 * time.Minute}[dice.IntN(3)])
		}
		if dice.IntN(6) == 0 {
			c.held = upTo([]time.Duration{100 * time.Millisecond, 2 * time.Minute}[dice.IntN(2)])
		}
		if dice.IntN(8) == 0 {
			c.retried = upTo(2 * time.Minute)
		}
		if dice.IntN(8) == 0 {
			c.reviewed, c.approved = upTo(2*reviewWithin), dice.IntN(3) > 0
		}
		if p.operator {
			c.forgotten, c.reset = dice.IntN(4) == 0, dice.IntN(2) == 0
			if dice.IntN(2) == 0 {
				c.struck = upTo([]time.Duration{100 * time.Millisecond, 10 * time.Second, 3 * time.Minute}[dice.IntN(3)])
			}
		}
		p.customers = append(p.customers, c)
	}
	p.drawDeeds(seed)
	return p
}

func idOf(dice *rand.Rand) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], dice.Uint64())
	binary.BigEndian.PutUint64(id[8:], dice.Uint64())
	return id
}

func (w *world) id() uuid.UUID { return idOf(w.dice) }

// newWorld sets the scene of a plan.
func newWorld(p plan, broken Broken, say func(string, ...any)) *world {
	w := &world{plan: p, broken: broken, dice: rand.New(rand.NewPCG(p.seed, 2)), now: beginning, runs: map[string]*run{}, say: say} //nolint:gosec // repeatable
	s := &shop{
		w: w, carts: &place{name: "cart"}, orders: &place{name: "orders"}, stock: &place{name: "inventory"}, pays: &place{name: "payment"}, provider: &place{name: "provider"},
		byID: map[uuid.UUID]*purchase{}, shelf: map[uuid.UUID]*level{}, held: map[uuid.UUID]*reservation{}, payments: map[uuid.UUID]*paid{},
	}
	w.shop, s.bank = s, &bank{w: w, keys: map[string]*intent{}, refused: map[string]bool{}}
	s.coupons = &coupons{uses: p.coupons, redeemed: map[uuid.UUID]bool{}}
	for _, id := range p.variants {
		s.shelf[id] = &level{onHand: p.stock}
	}
	for _, c := range p.customers {
		w.expect(c)
	}
	for _, at := range []*place{s.carts, s.orders, s.stock, s.pays, s.provider} {
		if w.chance(p.serviceDies) {
			w.after(w.upTo(p.heal), func() { w.crash(at, w.upTo(30*time.Second)) })
		}
	}
	if p.operator || p.mends {
		w.after(time.Minute, func() { w.reconcile(0) })
	}
	return w
}

// expect plans a customer's visit.
func (w *world) expect(c customer) {
	p := &purchase{Purchase: order.Purchase{OrderID: w.id(), UserID: w.id(), PaymentMethod: "pm_card_visa", Capture: "automatic"}, status: order.Pending, customer: c}
	if c.manual {
		p.Capture = "manual"
	}
	units := int64(0)
	for n, quantity := range c.lines {
		if quantity > 0 {
			p.Items = append(p.Items, order.Item{VariantID: w.plan.variants[n], Quantity: quantity})
			units += quantity
		}
	}
	p.Total = money.New(1000*units, "EUR")
	if c.coupon {
		discount := money.New(100, "EUR")
		p.Coupon, p.Discount = "FEW", &discount
	}
	if c.reviewed > 0 {
		p.ReviewSeconds = int64(reviewWithin / time.Second)
	}
	checkout := workflows.CheckoutID(p.OrderID)
	w.after(c.arrives, func() {
		p.touched = w.now
		w.shop.placed = append(w.shop.placed, p)
		w.shop.byID[p.OrderID] = p
		if !c.forgotten {
			w.start(checkout, w.sagaOf("Checkout", p.Purchase))
		}
	})
	if c.regrets > 0 {
		w.after(c.arrives+c.regrets, func() {
			_ = w.cancel(p) // or it is too late
		})
	}
	w.intervene(p, c)
	if c.struck > 0 {
		w.after(c.arrives+c.struck, func() { w.strike(checkout, c.reset) })
	}
}

// sagaOf is a real workflow with its input.
func (w *world) sagaOf(name string, in any) func(workflow.Context) (any, error) {
	switch name {
	case "Checkout":
		return func(ctx workflow.Context) (any, error) {
			state, err := workflows.Checkout(ctx, in.(order.Purchase))
			if err == nil {
				w.shop.byID[state.OrderID].told = state.Status
			}
			return state, err
		}
	case "Cancel":
		return answered(workflows.Cancel, in)
	case "Fulfil":
		return answered(workflows.Fulfil, in)
	case "Refund":
		return answered(workflows.Refund, in)
	case "Return":
		return answered(workflows.Return, in)
	default:
		w.wrong = append(w.wrong, "the model has no saga "+name)
		return func(workflow.Context) (any, error) { return nil, errors.New("unknown") }
	}
}

// mostRepairs bounds the runs of Reconcile; it is ended when it has nothing to
// do twice in a row.
const mostRepairs = 60

// reconcile runs every minute until all is in order.
func (w *world) reconcile(quiet int) {
	id := workflows.ReconcileID
	if r := w.runs[id]; r != nil {
		if !r.closed {
			w.after(time.Minute, func() { w.reconcile(0) })
			return
		}
		r.failed = true // the schedule starts it again, however it ended
	}
	if quiet++; len(w.audit()) > 0 || !w.healed() || w.deeds > 0 {
		quiet = 0
	}
	if quiet == 2 || w.now.Sub(beginning) > mostRepairs*time.Minute {
		return
	}
	w.start(id, func(ctx workflow.Context) (any, error) {
		done, err := workflows.Reconcile(ctx)
		return done, err
	})
	pause := time.Minute
	if w.healed() && quiet == 0 { // it waits for a customer: the model need not look every minute
		pause = 5 * time.Minute
	}
	w.after(pause, func() { w.reconcile(quiet) })
}

// nameOf is an order for people: its place in the queue.
func (w *world) nameOf(id uuid.UUID) string {
	for n, p := range w.shop.placed {
		if p.OrderID == id {
			return "order " + string(rune('A'+n))
		}
	}
	return "an order"
}

func reservationOf(p *purchase) []inventory.StockLine { return linesOf(p.Items) }
