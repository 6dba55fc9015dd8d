package model

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"kassa/activities/order"
)

// Options say what to explore.
type Options struct {
	Seed      uint64               // of the first schedule; the others follow
	Schedules int                  // how many
	Broken    Broken               // a mistake that should be found; Sound for none
	Enough    int                  // stop after so many findings; 0 for all
	Say       func(string, ...any) // tells what happens, for one schedule; may be nil
}

// Report is what an exploration has found.
type Report struct {
	Schedules int           `json:"schedules"`
	Orders    int           `json:"orders"`
	Confirmed int           `json:"confirmed"`
	Rejected  int           `json:"rejected"`
	Cancelled int           `json:"cancelled"`
	Shipped   int           `json:"shipped"`  // parcels that have left
	Refunded  int           `json:"refunded"` // refunds that were made
	Returned  int           `json:"returned"` // returns that have come to their end
	Replays   int           `json:"replays"`  // sagas that another worker took over, or began again
	Took      time.Duration `json:"took"`
	Findings  []Finding     `json:"findings"`
}

// batch is how many schedules share one environment of Temporal's SDK.
const batch = 10

// Explore plays schedules on all processors.
func Explore(ctx context.Context, o Options) (Report, error) {
	begin := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // little lives for long
	var (
		mu    sync.Mutex
		total Report
		fail  error
		next  atomic.Int64
		all   sync.WaitGroup
	)
	enough := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return ctx.Err() != nil || fail != nil || o.Enough > 0 && len(total.Findings) >= o.Enough
	}
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for !enough() {
				from := int(next.Add(batch)) - batch
				if from >= o.Schedules {
					return
				}
				part, err := explore(o, from, min(from+batch, o.Schedules))
				mu.Lock()
				total.add(part)
				fail = errors.Join(fail, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	total.Took = time.Since(begin)
	slices.SortStableFunc(total.Findings, func(a, b Finding) int { return int(int64(a.Seed - b.Seed)) }) //nolint:gosec // close together
	return total, errors.Join(fail, ctx.Err())
}

func (r *Report) add(part Report) {
	r.Schedules += part.Schedules
	r.Orders += part.Orders
	r.Confirmed += part.Confirmed
	r.Rejected += part.Rejected
	r.Cancelled += part.Cancelled
	r.Shipped += part.Shipped
	r.Refunded += part.Refunded
	r.Returned += part.Returned
	r.Replays += part.Replays
	r.Findings = append(r.Findings, part.Findings...)
}

// explore plays some schedules, one after the other, as one workflow of the
// SDK's test environment: it gives the sagas what they need of Temporal and
// runs their coroutines; the outbound answers everything else.
func explore(o Options, from, to int) (r Report, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silence{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&inbound{}}, DeadlockDetectionTimeout: time.Minute})
	env.SetTestTimeout(10 * time.Minute)
	play := func(ctx workflow.Context) {
		for n := from; n < to; n++ {
			each := newWorld(draw(o.Seed+uint64(n)), o.Broken, o.Say) //nolint:gosec // not negative
			each.root = ctx
			each.play()
			each.tellEnd(&r)
		}
	}
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		// Whoever pauses has twenty frames of its stack looked through by the SDK,
		// to find a panic. On a goroutine of its own the world has fewer.
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			play(ctx)
		}()
		<-ended
		return nil
	}, workflow.RegisterOptions{Name: "play"})
	env.ExecuteWorkflow("play")
	if err := env.GetWorkflowError(); err != nil {
		return r, fmt.Errorf("schedules %d to %d: %w", o.Seed+uint64(from), o.Seed+uint64(to), err) //nolint:gosec // not negative
	}
	return r, nil
}

// tellEnd adds a schedule to the report.
func (w *world) tellEnd(r *Report) {
	r.Schedules++
	r.Replays += w.replays
	r.Findings = append(r.Findings, w.audit()...)
	for _, p := range w.shop.placed {
		r.Orders++
		switch {
		case p.status.Bought():
			r.Confirmed++
		case p.status == order.Rejected:
			r.Rejected++
		case p.status == order.Cancelled:
			r.Cancelled++
		}
		for _, each := range p.parcels {
			if each.status == "shipped" || each.status == "delivered" {
				r.Shipped++
			}
		}
		for _, each := range p.restitutions {
			if each.status == "succeeded" {
				r.Refunded++
			}
		}
		for _, each := range p.homecomings {
			if each.status == "completed" {
				r.Returned++
			}
		}
	}
}
