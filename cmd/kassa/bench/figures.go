package bench

import (
	"fmt"
	"math"
	"time"
)

// The budget of a checkout.
const (
	leastRatio       = 0.5 // of the null saga's throughput
	mostLatency      = 3.0 // times the null saga's, at one client
	mostTransactions = 5   // in Kassa's services before the answer
)

// Checkout is what was found about checkouts and null sagas.
type Checkout struct {
	Null, Saga   Samples
	Events       []string           // of one checkout's history
	BeforeAnswer []transaction      // of one checkout, in the order of their beginning
	Transactions map[string]float64 // per checkout under load, by database; relays and consumers included

	Repeated int64 // purchases asked for again because the answer was 503 or 202

	CheckoutPerSecond float64
	NullPerSecond     float64
	Ratio             float64 // median of the rounds' ratios
	CheckoutP50       time.Duration
	NullP50           time.Duration

	OpenRate float64 // checkouts per second of an open load
	Open     Latency // under it
}

// Samples are what the rounds of one kind gave.
type Samples struct {
	PerSecond   []float64
	Loaded      []time.Duration // median latency with many clients
	AtOneClient []time.Duration // median latency with one
	Drained     []time.Duration // until everything was done after the last answer

	done int
	cost cost
}

func (s *Samples) add(r run, drained time.Duration, used cost) {
	s.PerSecond = append(s.PerSecond, r.perSecond())
	s.Loaded = append(s.Loaded, r.median())
	s.Drained = append(s.Drained, drained)
	s.done += r.done
	s.cost.add(used)
}

// CPU is the processor time in milliseconds for one, by process.
func (s *Samples) CPU() map[string]float64 { return s.cost.milliseconds(s.done) }

// finish computes the medians.
func (r *Checkout) finish() {
	ratios := make([]float64, len(r.Saga.PerSecond))
	for i, checkouts := range r.Saga.PerSecond {
		ratios[i] = checkouts / r.Null.PerSecond[i]
	}
	r.CheckoutPerSecond = round(median(r.Saga.PerSecond))
	r.NullPerSecond = round(median(r.Null.PerSecond))
	r.Ratio = round(median(ratios))
	r.CheckoutP50 = median(r.Saga.AtOneClient)
	r.NullP50 = median(r.Null.AtOneClient)
}

// missed says which goals were not reached.
func (r *Checkout) missed() (all goals) {
	if r.Ratio == 0 {
		return nil // it went no further
	}
	all.miss(r.Ratio < leastRatio, "a checkout's throughput is %.2f of the null saga's; the budget is at least %.2f", r.Ratio, leastRatio)
	slower := float64(r.CheckoutP50) / float64(r.NullP50)
	all.miss(slower > mostLatency, "its latency at one client is %.2f times the null saga's; the budget is at most %.1f", slower, mostLatency)
	return all
}

// checkTransactions holds the number of transactions before the answer to the budget.
func checkTransactions(seen []transaction) error {
	if len(seen) > mostTransactions {
		return fmt.Errorf("%d database transactions before the answer; the budget is %d: %v", len(seen), mostTransactions, seen)
	}
	return nil
}

// checkoutJSON is what --json writes of it.
type checkoutJSON struct {
	CheckoutPerSecond float64            `json:"checkout_per_s"`
	NullPerSecond     float64            `json:"null_saga_per_s"`
	Ratio             float64            `json:"ratio"`
	CheckoutP50       float64            `json:"checkout_p50_ms"`
	NullP50           float64            `json:"null_saga_p50_ms"`
	CPU               map[string]float64 `json:"cpu_ms"`
	Allocations       map[string]float64 `json:"allocations"` // objects for one checkout
	BeforeAnswer      int                `json:"transactions_before_answer"`
	Transactions      map[string]float64 `json:"transactions"` // for one checkout, by database
	Events            int                `json:"history_events"`
	OpenRate          float64            `json:"open_rate_per_s"`
	Open              Latency            `json:"open"`
}

// json answers the figures that other programs read.
func (r *Checkout) json() *checkoutJSON {
	return &checkoutJSON{
		CheckoutPerSecond: r.CheckoutPerSecond, NullPerSecond: r.NullPerSecond, Ratio: r.Ratio,
		CheckoutP50: Milliseconds(r.CheckoutP50), NullP50: Milliseconds(r.NullP50),
		CPU: whole(r.Saga.CPU()), Allocations: r.Saga.cost.allocations(r.Saga.done),
		BeforeAnswer: len(r.BeforeAnswer), Transactions: r.Transactions, Events: len(r.Events),
		OpenRate: r.OpenRate, Open: r.Open,
	}
}

// Milliseconds is a duration to two decimals.
func Milliseconds(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

func round(v float64) float64 { return math.Round(v*100) / 100 }

// share is a part of a whole, 0 of nothing.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return round(float64(part) / float64(whole))
}

// goals are those that were missed, in words.
type goals []string

func (g *goals) miss(missed bool, format string, args ...any) {
	if missed {
		*g = append(*g, fmt.Sprintf(format, args...))
	}
}
