package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/cmd/kassa/verify"
	"kassa/sandbox/psp/provider"
	"kassa/sandbox/shopper"
)

const (
	checkouts = 200
	buyers    = 16
	// settleWithin is how long a buyer insists: the longest way is a saga that
	// lost its service for good and gives up after two minutes.
	settleWithin = 150 * time.Second
)

// deaths are what dies together, in turn. psp is not ours, but it dies as well.
// At the end the power fails.
func deaths() [][]string {
	return [][]string{
		{"order"},
		{"order-2"},
		{"inventory"},
		{"payment"},
		{"product"},
		{"gateway"},
		{"user"},
		{"psp"},
		{"nats"},
		{"postgres"},
		{"temporal"},
		{"order", "order-2"},
		{"payment", "psp"},
		{"order", "inventory", "payment"},
		{"temporal", "postgres"},
		platform.Names(),
	}
}

// TestEverythingMayCrash kills every process in turn while customers buy, and
// checks the books of all witnesses afterwards.
func TestEverythingMayCrash(t *testing.T) {
	seed := seedOf(t)
	dice := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a repeatable run needs no secrets
	crew := newCrew(t, seed)
	stragglers := crew.beginAuthenticating(t)

	misbehave(t, // a little, all the time; it survives the provider's death
		`{"fault":"drop_reply","rate":0.03}`, `{"fault":"unavailable_after_commit","rate":0.03}`, `{"fault":"rate_limit","rate":0.02}`,
		`{"fault":"webhook_duplicate","rate":0.1}`, `{"fault":"webhook_reorder:2000","rate":0.1}`, `{"fault":"webhook_lose","rate":0.05}`)
	begin := time.Now()
	crew.open(t)
	turns := deaths()
	dice.Shuffle(len(turns)-1, func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	for n, victims := range turns {
		crew.release(checkouts * (n + 1) / len(turns))
		crew.underway(t, dice.IntN(buyers/2))
		<-time.After(time.Duration(dice.IntN(60)) * time.Millisecond) // somewhere in the middle of what they do
		died := time.Now()
		for _, victim := range victims {
			require.NoError(t, platform.Kill(victim))
		}
		for _, victim := range victims {
			ready(t, victim)
		}
		t.Logf("%6s  back after %6s: %s; %d of %d checkouts settled", time.Since(begin).Round(100*time.Millisecond),
			time.Since(died).Round(10*time.Millisecond), strings.Join(victims, ", "), crew.settled.Load(), checkouts)
	}
	crew.wait()
	t.Logf("%6s  all customers have their answers", time.Since(begin).Round(100*time.Millisecond))
	for _, name := range platform.Names() {
		ready(t, name)
	}
	for _, waiting := range stragglers {
		require.Eventually(t, func() bool {
			o, err := crew.customers[0].Order(t.Context(), waiting)
			return err == nil && o.Status == "confirmed"
		}, 3*time.Minute, often, "whose webhook was lost is found by Reconcile")
	}

	report, err := verify.Run(t.Context(), strictly(t))
	require.NoError(t, err)
	var printed strings.Builder
	require.NoError(t, report.Print(&printed))
	t.Logf("%6s  the books\n%s", time.Since(begin).Round(100*time.Millisecond), printed.String())

	found := crew.compare(t)
	found.broken = len(report.Broken())
	t.Logf("seed %d; %s", seed, crew.summary())
	t.Logf("\n%s", found)
	require.Equal(t, findings{}, found)
	require.True(t, report.OK(), report.Summary())
}

// seedOf is the seed of this run.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("KASSA_E2E_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "KASSA_E2E_SEED")
		return seed
	}
	return rand.Uint64() >> 1 //nolint:gosec // a seed
}

// strictly checks every invariant once nothing is under way any more.
func strictly(t *testing.T) verify.Config {
	config := verify.Of(where)
	config.Strict, config.Settle = true, 2*time.Minute
	config.Progress = func(say string) { t.Log(say) }
	return config
}

// errand is one checkout: what is wanted, and what came of it.
type errand struct {
	customer *shopper.Customer
	wish     shopper.Wish
	regrets  bool // and cancels what was bought
	leaves   bool // after the first answer, whatever it is
	answer   shopper.Answer
	err      error
	took     time.Duration
}

// crew is the customers at work.
type crew struct {
	customers []*shopper.Customer
	items     []shopper.Item
	errands   []*errand
	queue     chan *errand
	started   atomic.Int64
	settled   atomic.Int64
	all       sync.WaitGroup
	released  int
}

// newCrew plans who wants what, by the seed: most cards work, some do not; one
// article is scarce; some money is to be taken later; some customers change
// their mind; some, early enough for Reconcile to look after their orders, leave.
func newCrew(t *testing.T, seed uint64) *crew {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a repeatable run needs no secrets
	c := &crew{queue: make(chan *errand, checkouts)}
	c.items = []shopper.Item{stocked(t, 100_000), stocked(t, 100_000), stocked(t, 20)}
	for range buyers {
		c.customers = append(c.customers, customer(t))
	}
	for i := range checkouts {
		wish := shopper.Some(c.items[dice.IntN(2)], 1+dice.Int64N(3))
		switch roll := dice.IntN(20); {
		case roll < 2:
			wish.Method = "pm_card_visa_chargeDeclined"
		case roll < 3:
			wish.Method = "pm_card_visa_chargeDeclinedInsufficientFunds"
		case roll < 6:
			wish.Lines = append(wish.Lines, shopper.One(c.items[2]).Lines...)
		case roll < 8:
			wish.Capture = "manual"
		}
		wish.Key = fmt.Sprintf("crash-%d-%d", seed, i)
		c.errands = append(c.errands, &errand{customer: c.customers[i%buyers], wish: wish, regrets: dice.IntN(10) == 0, leaves: i < checkouts/3 && dice.IntN(6) == 0})
	}
	return c
}

// beginAuthenticating leaves two orders whose customer has satisfied the bank
// and whose webhook got lost: nobody but Reconcile can tell.
func (c *crew) beginAuthenticating(t *testing.T) []uuid.UUID {
	t.Helper()
	var waiting []uuid.UUID
	misbehave(t, `{"fault":"webhook_lose","rate":1,"operations":["authenticate"]}`)
	for range 2 {
		answer := awaiting(t, c.customers[0], shopper.One(c.items[0]))
		atTheBank(t, answer.OrderID(), "succeed")
		waiting = append(waiting, answer.OrderID())
	}
	behave(t)
	return waiting
}

// open lets the customers in. Each does one errand after the other.
func (c *crew) open(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for range buyers {
		c.all.Go(func() {
			for e := range c.queue {
				c.started.Add(1)
				e.do(ctx)
				c.settled.Add(1)
			}
		})
	}
}

func (e *errand) do(ctx context.Context) {
	begin := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, settleWithin, errors.New("it took too long"))
	defer cancel()
	if e.leaves {
		e.answer, _ = e.customer.Buy(ctx, e.wish)
		return
	}
	e.answer, e.err = e.customer.Insist(ctx, e.wish)
	e.took = time.Since(begin)
	if e.err == nil && e.answer.Confirmed() && e.regrets {
		e.err = e.cancel(ctx)
	}
}

// cancel insists on the end of the order.
func (e *errand) cancel(ctx context.Context) error {
	for {
		o, err := e.customer.Cancel(ctx, e.answer.OrderID(), "regretted")
		if err == nil && o.Status == "cancelled" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("order %s is not cancelled: %w", e.answer.OrderID(), errors.Join(context.Cause(ctx), err))
		case <-time.After(often):
		}
	}
}

// release lets the customers go on until so many errands have begun.
func (c *crew) release(until int) {
	for _, e := range c.errands[c.released:until] {
		c.queue <- e
	}
	c.released = until
	if until == checkouts {
		close(c.queue)
	}
}

// underway waits until all but so many of the errands that may begin have done
// so: customers are at work on the newest of them.
func (c *crew) underway(t *testing.T, left int) {
	t.Helper()
	require.Eventually(t, func() bool { return int(c.started.Load()) >= c.released-left }, settleWithin, time.Millisecond)
}

// wait returns when every customer has an answer.
func (c *crew) wait() { c.all.Wait() }

// summary says how it went for the customers.
func (c *crew) summary() string {
	counts, tries, longest := map[string]int{}, 0, time.Duration(0)
	for _, e := range c.errands {
		name := strconv.Itoa(e.answer.Status)
		if e.leaves {
			name = "left"
		}
		if e.answer.Problem != nil && !e.leaves {
			name += " " + e.answer.Problem.Code
		}
		counts[name]++
		tries += e.answer.Tries
		longest = max(longest, e.took)
	}
	return fmt.Sprintf("%d checkouts in %d tries, answers %v, the longest took %s", len(c.errands), tries, counts, longest.Round(10*time.Millisecond))
}

// findings are what must not have happened, counted.
type findings struct {
	lost    int // acknowledged, and not in the books
	doubled int // more than one order or charge for a key
	moved   int // refused or cancelled, and yet money moved
	stuck   int // without a definite answer, or still under way
	broken  int // invariants
}

// String is the table.
func (f findings) String() string {
	return fmt.Sprintf("acknowledged but lost      %d\ndoubled                    %d\nrefused, money moved       %d\nstuck                      %d\ninvariants broken          %d",
		f.lost, f.doubled, f.moved, f.stuck, f.broken)
}

// compare holds what the customers were told against the books of the orders
// and of the provider.
func (c *crew) compare(t *testing.T) (found findings) {
	t.Helper()
	orders, accounts := database(t, "orders"), accountsOfAll(t)
	for _, e := range c.errands {
		if e.err != nil {
			t.Logf("stuck: %v", e.err)
			found.stuck++
			continue
		}
		rows, err := orders.Query(t.Context(), "SELECT id, status FROM orders WHERE idempotency_key = $1", e.wish.Key)
		require.NoError(t, err)
		var status string
		var orderID uuid.UUID
		placed := 0
		for rows.Next() {
			placed++
			require.NoError(t, rows.Scan(&orderID, &status))
		}
		require.NoError(t, rows.Err())
		books := accounts[orderID.String()]
		owes := books.held + books.taken
		regretted := e.regrets && e.answer.Confirmed() && !e.leaves
		switch {
		case placed > 1 || books.charges > 1:
			found.doubled++
		case e.leaves && placed == 1 && status != "confirmed" && status != "rejected":
			found.stuck++
		case e.leaves && !e.answer.Confirmed():
			continue // they were told nothing that could be wrong
		case regretted && (status != "cancelled" || owes != 0):
			found.moved++
		case regretted:
			continue
		case e.answer.Confirmed() && (placed == 0 || status != "confirmed" || orderID != e.answer.OrderID() || owes != e.answer.Order.Total.Amount):
			found.lost++
		case !e.answer.Confirmed() && (owes != 0 || status == "confirmed"):
			found.moved++
		case status != "confirmed" && status != "rejected" && placed > 0:
			found.stuck++
		default:
			continue
		}
		t.Logf("key %s was answered %d with order %s; there are %d orders, the last %s %s; books %+v", e.wish.Key, e.answer.Status, e.answer.OrderID(), placed, orderID, status, books)
	}
	return found
}

// accountsOfAll are the provider's books by order.
func accountsOfAll(t *testing.T) map[string]account {
	t.Helper()
	payments := map[string][]provider.IntentView{}
	for after := int64(0); ; {
		r := ask{method: http.MethodGet, path: fmt.Sprintf("/_sandbox/intents?after=%d", after)}.at(t, where.PSP)
		require.Equal(t, http.StatusOK, r.status, r.body)
		var page struct {
			Intents []provider.IntentView `json:"intents"`
			More    bool                  `json:"has_more"`
		}
		require.NoError(t, json.Unmarshal([]byte(r.body), &page))
		for _, intent := range page.Intents {
			payments[intent.OrderID] = append(payments[intent.OrderID], intent)
			after = intent.Seq
		}
		if !page.More {
			break
		}
	}
	accounts := map[string]account{}
	for orderID, all := range payments {
		accounts[orderID] = accountOf(all)
	}
	return accounts
}
