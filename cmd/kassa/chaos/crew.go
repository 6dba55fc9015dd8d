package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kassa/api/client"
	"kassa/internal/id"
	"kassa/sandbox/shopper"
)

// settleWithin is how long a customer insists: the longest way is a saga that
// lost its service for good and gives up after two minutes.
const settleWithin = 150 * time.Second

// mood is how the customers of a scenario behave.
type mood struct {
	hasty  bool // ask for an answer within a second, and cancel what is still under way
	fickle bool // every third one cancels what was bought
}

// errand is one checkout: what is wanted, and what came of it.
type errand struct {
	customer *shopper.Customer
	wish     shopper.Wish
	regrets  bool // and cancels what was bought
	leaves   bool // after the first answer, whatever it is
	hasty    bool // cancels as soon as there is an order
	asked    bool // cancellation has been asked for
	answer   shopper.Answer
	err      error
	begin    time.Duration
	took     time.Duration
}

// crew is the customers at work.
type crew struct {
	shop      *shopper.Shop
	mood      mood
	history   *history
	key       string // prefix of all idempotency keys
	customers []*shopper.Customer
	items     []shopper.Item

	mu      sync.Mutex
	errands []*errand
	begun   atomic.Int64
	settled atomic.Int64
	all     sync.WaitGroup
	close   chan struct{}
}

// eur is a price in minor units.
func eur(amount int64) client.Money { return client.Money{Amount: amount, Currency: "EUR"} }

// newCrew welcomes customers and puts three articles on the shelf, of which one is scarce.
func newCrew(ctx context.Context, shop *shopper.Shop, key string, buyers int, m mood) (*crew, error) {
	c := &crew{shop: shop, key: key, mood: m, history: &history{begin: time.Now()}, close: make(chan struct{})}
	for _, pieces := range []int64{1_000_000, 1_000_000, 20} {
		item, err := shop.Stock(ctx, shopper.Article{SKU: "MUG-" + id.New().String(), Name: "Mug", Description: "A mug", Price: eur(1899), Stock: pieces})
		if err != nil {
			return nil, err
		}
		c.items = append(c.items, item)
	}
	for range buyers {
		customer, err := shop.Welcome(ctx, "Grace Example")
		if err != nil {
			return nil, err
		}
		c.customers = append(c.customers, customer)
	}
	return c, nil
}

// open lets the customers in. Each does one errand after the other, by its own
// dice, until finish, and insists on an answer to the last.
func (c *crew) open(ctx context.Context, seed uint64) {
	for n, customer := range c.customers {
		dice := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // a repeatable run needs no secrets
		c.all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-c.close:
					return
				case <-ctx.Done():
					return
				case <-time.After(time.Duration(dice.IntN(150)) * time.Millisecond):
				}
				e := c.plan(dice, customer)
				e.wish.Key = fmt.Sprintf("%s-%d-%d", c.key, n, i)
				c.add(e)
				c.do(ctx, e)
			}
		})
	}
}

func (c *crew) add(e *errand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errands = append(c.errands, e)
}

// someOrder is one that an answer has named; zero when none has.
func (c *crew) someOrder(dice *rand.Rand) (order uuid.UUID) {
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	if n := len(c.history.all); n > 0 {
		order = c.history.all[dice.IntN(n)].Order
	}
	return order
}

// finish lets no customer begin anything new and waits for those at work.
func (c *crew) finish() {
	close(c.close)
	c.all.Wait()
}

// plan decides what a customer wants: most cards work, some do not; one article
// is scarce; some money is to be taken later; some change their mind; some leave.
func (c *crew) plan(dice *rand.Rand, customer *shopper.Customer) *errand {
	wish := shopper.Some(c.items[dice.IntN(2)], 1+dice.Int64N(3))
	switch roll := dice.IntN(20); {
	case roll < 2:
		wish.Method = "pm_card_visa_chargeDeclined"
	case roll < 3:
		wish.Method = "pm_card_visa_chargeDeclinedInsufficientFunds"
	case roll < 5:
		wish.Lines = append(wish.Lines, shopper.One(c.items[2]).Lines...)
	case roll < 7:
		wish.Capture = "manual"
	}
	e := &errand{customer: customer, wish: wish, regrets: dice.IntN(10) == 0, leaves: dice.IntN(12) == 0}
	if c.mood.fickle {
		e.regrets = dice.IntN(3) == 0
	}
	if c.mood.hasty {
		e.wish.Wait, e.hasty, e.regrets, e.leaves = time.Second, dice.IntN(2) == 0, false, false
	}
	return e
}

// do runs an errand to its definite end.
func (c *crew) do(ctx context.Context, e *errand) {
	c.begun.Add(1)
	defer c.settled.Add(1)
	e.begin = c.history.now()
	ctx, cancel := context.WithTimeoutCause(ctx, settleWithin, errors.New("it took too long"))
	defer cancel()
	e.err = c.insist(ctx, e)
	e.took = c.history.now() - e.begin
	if e.err == nil && e.regrets && e.answer.Confirmed() && !e.leaves {
		e.asked = true
		e.err = c.cancel(ctx, e)
	}
}

// insist checks out until there is a definite answer, as a good client does,
// and records every try.
func (c *crew) insist(ctx context.Context, e *errand) error {
	known := uuid.Nil
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		begin := c.history.now()
		answer, err := e.customer.Buy(ctx, e.wish)
		c.record("checkout", e, answer, begin, err == nil && answer.Definite())
		if orderID := answer.OrderID(); orderID != uuid.Nil {
			if known != uuid.Nil && known != orderID {
				return fmt.Errorf("key %s has led to two orders: %s and %s", e.wish.Key, known, orderID)
			}
			known = orderID
		}
		e.answer = answer
		if e.leaves || err == nil && answer.Definite() {
			return nil
		}
		if e.hasty && known != uuid.Nil && !e.asked {
			e.asked = true
			if _, err := e.customer.Cancel(ctx, known, "regretted"); err != nil {
				e.asked = !refused(err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no definite answer for key %s, the last was %d: %w", e.wish.Key, answer.Status, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// refused reports whether the shop has said no.
func refused(err error) bool {
	var refusal *shopper.Refusal
	return errors.As(err, &refusal) && refusal.Status < 500
}

func (c *crew) record(kind string, e *errand, answer shopper.Answer, begin time.Duration, definite bool) {
	o := Operation{Kind: kind, Key: e.wish.Key, Order: answer.OrderID(), Invoked: begin, Ended: c.history.now(), Status: answer.Status, Outcome: Unknown}
	if answer.Order != nil {
		o.Amount = answer.Order.Total.Amount
	}
	if answer.Problem != nil {
		o.Code = answer.Problem.Code
	}
	switch {
	case definite && answer.Confirmed():
		o.Outcome = OK
	case definite:
		o.Outcome = Fail
	}
	c.history.add(o)
}

// cancel insists on the end of the order.
func (c *crew) cancel(ctx context.Context, e *errand) error {
	for {
		begin := c.history.now()
		o, err := e.customer.Cancel(ctx, e.answer.OrderID(), "regretted")
		done := err == nil && o.Status == "cancelled"
		entry := Operation{Kind: "cancel", Key: e.wish.Key, Order: e.answer.OrderID(), Invoked: begin, Ended: c.history.now(), Outcome: Unknown}
		if done {
			entry.Outcome = OK
		}
		c.history.add(entry)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("order %s is not cancelled: %w", e.answer.OrderID(), errors.Join(context.Cause(ctx), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// waits are how long the checkouts that began in some time have taken.
func (c *crew) waits(from, to time.Duration) Latency {
	c.mu.Lock()
	defer c.mu.Unlock()
	var waits []time.Duration
	for _, e := range c.errands {
		if e.begin >= from && e.begin < to && e.err == nil && !e.leaves {
			waits = append(waits, e.took)
		}
	}
	return latencyOf(waits)
}
