package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"kassa/api/client"
	"kassa/cmd/kassa/seed"
)

const (
	shopRounds = 3
	mostSearch = 10.0 // ms, the median of a search
)

// Operation is something that customers do all the time, under an open load.
// Latencies are medians over the rounds.
type Operation struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate_per_s"`
	Latency
	CPU         map[string]float64 `json:"cpu_ms"`      // for one, by process
	Allocations map[string]float64 `json:"allocations"` // objects for one, by process
	Failed      int                `json:"failed"`      // answers other than 2xx

	search bool
}

// shopping is an operation with how to ask for it.
type shopping struct {
	name string
	rate float64
	ask  func(n int) vegeta.Target
	cost cost
	runs []Latency
	done int
	bad  int
}

// browse fills the catalogue and measures reading, searching and the cart.
func (b *bench) browse(ctx context.Context) ([]Operation, error) {
	err := seed.Synthetic(ctx, seed.Options{
		Gateway: b.addresses.Gateway, Email: b.addresses.Secrets.AdminEmail, Password: b.addresses.Secrets.AdminPassword,
		Progress: func(what string, done, of int) {
			if done%10_000 == 0 {
				b.options.Progress(fmt.Sprintf("%s: %d of %d", what, done, of))
			}
		},
	}, b.options.Products, 0)
	if err != nil {
		return nil, err
	}
	if _, err := b.backlogs.drain(ctx); err != nil {
		return nil, err
	}
	if err := b.listened(ctx); err != nil {
		return nil, err
	}
	if b.idle, err = b.rest(ctx); err != nil {
		return nil, err
	}
	if err := b.buyers.renew(ctx); err != nil { // filling took its time
		return nil, err
	}
	all := b.shoppings()
	for round := range shopRounds + 1 { // the first warms up
		b.options.Progress(fmt.Sprintf("browsing, round %d of %d", round, shopRounds))
		for _, s := range all {
			if err := b.shopAround(ctx, s, round > 0); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	operations := make([]Operation, len(all))
	for i, s := range all {
		operations[i] = s.operation()
	}
	return operations, nil
}

// shopAround is one run of an operation; only one that counts is kept.
func (b *bench) shopAround(ctx context.Context, s *shopping, counts bool) error {
	before, err := b.spent(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	var n atomic.Int64
	all, err := arrive(ctx, steady(s.rate, b.options.Step/2), func(t *vegeta.Target) error {
		*t = s.ask(int(n.Add(1)))
		return nil
	})
	if err != nil {
		return err
	}
	after, err := b.spent(ctx)
	if err != nil || !counts {
		return err
	}
	s.cost.add(after.since(before).without(b.idle, time.Since(begin).Seconds()))
	s.runs = append(s.runs, latency(times(all, func(arrival) bool { return true })))
	s.done += len(all)
	s.bad += len(times(all, func(a arrival) bool { return a.status < 200 || a.status >= 300 }))
	return nil
}

// shoppings are what is measured. Words are counted at every search. Categories are
// counted every half minute, for all searches.
func (b *bench) shoppings() []*shopping {
	get := func(path string) vegeta.Target {
		return vegeta.Target{Method: http.MethodGet, URL: b.addresses.Gateway + "/api/v1" + path}
	}
	as := func(t vegeta.Target, n int) vegeta.Target {
		t.Header = http.Header{"Authorization": {b.buyers.tokens[n%len(b.buyers.tokens)]}, "Content-Type": {"application/json"}}
		return t
	}
	search := func(words ...[]string) func(int) vegeta.Target {
		return func(int) vegeta.Target {
			var q []string
			for _, list := range words {
				q = append(q, list[rand.IntN(len(list))]) //nolint:gosec // a choice of words
			}
			most := 10_000_000 + rand.IntN(10_000_000) //nolint:gosec // more than anything costs
			return get(fmt.Sprintf("/products/search?limit=20&max_price=%d&q=%s", most, url.QueryEscape(strings.Join(q, " "))))
		}
	}
	shelves := strings.Fields("kitchen home outdoors mugs-and-cups lighting garden") // large and small ones
	makes, kinds := strings.Fields("oak steel copper linen cotton wool leather bamboo brass marble"), strings.Fields("mug teapot lamp chair table jacket bottle knife blanket clock")
	wrong := strings.Fields("teapott blankett backpak notbook hamer mirrror candel")
	return []*shopping{
		{name: "browse: list products", rate: 20, ask: func(int) vegeta.Target { return get("/products?limit=20") }},
		{name: "browse: read a product", rate: 50, ask: func(n int) vegeta.Target {
			return get("/products/" + b.buyers.items[n%articles].ProductID.String())
		}},
		{name: "search: a broad word", rate: 10, ask: search(append(kinds, makes...))},
		{name: "search: two words", rate: 10, ask: search(makes, kinds)},
		{name: "search: a typing error", rate: 10, ask: search(makes, wrong)},
		{name: "search: a category", rate: 10, ask: func(n int) vegeta.Target {
			return get("/products/search?limit=20&category=" + shelves[n%len(shelves)])
		}},
		{name: "search: a category, by price", rate: 10, ask: func(n int) vegeta.Target {
			return get("/products/search?limit=20&sort=price_asc&category=" + shelves[n%len(shelves)])
		}},
		{name: "cart: read", rate: 50, ask: func(n int) vegeta.Target { return as(get("/cart"), n) }},
		{name: "cart: add an item", rate: 20, ask: func(n int) vegeta.Target {
			t := as(get("/cart/items"), n)
			t.Method = http.MethodPost
			t.Body, _ = json.Marshal(client.NewItem{VariantId: b.buyers.items[n%articles].VariantID})
			return t
		}},
	}
}

func (s *shopping) operation() Operation {
	of := func(p func(Latency) float64) float64 {
		var values []float64
		for _, run := range s.runs {
			values = append(values, p(run))
		}
		return median(values)
	}
	return Operation{
		Name: s.name, Rate: s.rate, Failed: s.bad,
		Latency: Latency{
			P50: of(func(l Latency) float64 { return l.P50 }), P95: of(func(l Latency) float64 { return l.P95 }), P99: of(func(l Latency) float64 { return l.P99 }),
		},
		CPU: whole(s.cost.milliseconds(s.done)), Allocations: s.cost.allocations(s.done), search: strings.HasPrefix(s.name, "search"),
	}
}

func showOperations(w io.Writer, all []Operation, products int) {
	fmt.Fprintf(w, "\n%-34s %12s %12s %12s %12s %12s %12s\n", fmt.Sprintf("With %d products, ms", products), "per second", "p50", "p95", "p99", "CPU", "objects")
	for _, o := range all {
		fmt.Fprintf(w, "%-34s %12.0f %12.1f %12.1f %12.1f %12.1f %12.0f\n", o.Name, o.Rate, o.P50, o.P95, o.P99, total(o.CPU), total(o.Allocations))
		if o.Failed > 0 {
			fmt.Fprintf(w, "  %d answers were no success\n", o.Failed)
		}
	}
}

func missedOperations(all []Operation) (missed goals) {
	for _, o := range all {
		missed.miss(o.search && o.P50 >= mostSearch, "%s takes %.1f ms (p50); the goal is below %.0f", o.Name, o.P50, mostSearch)
		missed.miss(o.Failed > 0, "%s: %d answers were no success", o.Name, o.Failed)
	}
	return missed
}
