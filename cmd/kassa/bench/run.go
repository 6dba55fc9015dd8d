package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Options say what to measure, how long and how hard.
type Options struct {
	Home     string   // state directory of the usual platform; the bench makes its own beside it
	Measures []string // names; nil is all
	Progress func(string)

	Round   time.Duration // of clients that ask one after another: each round of each kind
	Rounds  int
	Clients int // at once, where throughput is measured

	Step     time.Duration // each rate of an open load
	Excess   time.Duration // ten times the knee
	Knee     float64       // checkouts per second; 0 when it is to be found
	Products int           // in the catalogue that is searched
	Orders   []int         // sizes of the books in which a checkout is measured; ascending
}

// measures are all measures, in the order that they are taken in: the last ones
// leave books behind that no shop would have.
var measures = []struct {
	name string
	run  func(*bench, context.Context, *Report) error
}{
	{"checkout", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Checkout, err = b.checkout(ctx)
		return err
	}},
	{"hop", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Hops, err = b.hop(ctx)
		return err
	}},
	{"events", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Events, err = b.deliveries(ctx)
		return err
	}},
	{"overload", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Overload, err = b.overload(ctx)
		return err
	}},
	{"browse", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Products = b.options.Products
		r.Operations, err = b.browse(ctx)
		return err
	}},
	{"growth", func(b *bench, ctx context.Context, r *Report) (err error) {
		r.Growth, err = b.growth(ctx)
		return err
	}},
}

// Run starts a platform of its own, measures on it and stops it again. The report
// is as far as it came.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	report = &Report{Machine: thisMachine(), At: time.Now().UTC()}
	stack, dir, err := start(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		o.Progress("stopping")
		if failed := stack.Stop(stopping); err == nil {
			err = failed
		}
		err = tidy(dir, err)
		report.Seconds = round(time.Since(report.At).Seconds())
	}()
	b, err := newBench(ctx, o, stack, dir)
	if err != nil {
		return report, err
	}
	defer b.close()
	o.Progress("warming up")
	if err := b.warmUp(ctx); err != nil {
		return report, err
	}
	for _, m := range measures {
		if o.Measures != nil && !slices.Contains(o.Measures, m.name) {
			continue
		}
		o.Progress("measuring: " + m.name)
		if err := b.buyers.renew(ctx); err != nil {
			return report, err
		}
		if err := m.run(b, ctx, report); err != nil {
			return report, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return report, nil
}
