package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Growth is the same checkout in books of several sizes, and checkouts of several
// sizes; and whether the invariants hold in the largest books.
type Growth struct {
	Points []Point `json:"points"`
	Audit          // of the largest books
}

// Point is a checkout by one client after another, beside null sagas in turn, so
// that a machine that is slower now does not look like growth.
type Point struct {
	Orders  int     `json:"orders"` // in the books
	Lines   int     `json:"lines"`  // of the checkout
	P50     float64 `json:"p50_ms"`
	NullP50 float64 `json:"null_saga_p50_ms"`
	CPU     float64 `json:"cpu_ms"`   // processor time of one, all processes
	Growth  float64 `json:"of_first"` // latency beside the null saga's, of the first point's
	Filled  float64 `json:"filled_s"` // what filling the books took
}

// growth measures in books of growing size, and at the first size with more lines.
func (b *bench) growth(ctx context.Context) (*Growth, error) {
	g := &Growth{}
	var err error
	if b.idle, err = b.rest(ctx); err != nil {
		return g, err
	}
	copied, err := models(ctx, b.addresses)
	if err != nil {
		return g, err
	}
	lines := []int{1, 10, 50}
	for _, wanted := range b.options.Orders {
		b.options.Progress(fmt.Sprintf("filling the books with %d orders", wanted))
		orders, took, err := grow(ctx, b.addresses, copied, wanted)
		if err = errors.Join(err, b.buyers.renew(ctx)); err != nil {
			return g, err
		}
		for _, n := range lines {
			b.options.Progress(fmt.Sprintf("checkouts of %d lines among %d orders", n, orders))
			p, err := b.point(ctx, n)
			if err != nil {
				return g, err
			}
			p.Orders, p.Lines, p.Filled = orders, n, round(took.Seconds())
			g.Points = append(g.Points, p)
			first := g.Points[0]
			g.Points[len(g.Points)-1].Growth = round(p.P50 / p.NullP50 / (first.P50 / first.NullP50))
		}
		lines = lines[:1]
	}
	g.Audit, err = b.audit(ctx)
	return g, err
}

// point lets one client buy and one null saga run, in turns.
func (b *bench) point(ctx context.Context, lines int) (p Point, err error) {
	buy := func(ctx context.Context, n int) error {
		body, err := b.buyers.wish(n, lines)
		if err == nil {
			_, err = b.buyers.buyBody(ctx, n, body)
		}
		return err
	}
	var bought, nulls []time.Duration
	var used cost
	for range (b.options.Rounds + 1) / 2 {
		before, err := b.spent(ctx)
		if err != nil {
			return p, err
		}
		begin := time.Now()
		r, err := drive(ctx, 1, b.options.Round/2, buy)
		if err != nil {
			return p, err
		}
		if _, err := b.backlogs.drain(ctx); err != nil {
			return p, err
		}
		after, err := b.spent(ctx)
		if err != nil {
			return p, err
		}
		used.add(after.since(before).without(b.idle, time.Since(begin).Seconds()))
		bought = append(bought, r.latencies...)
		if r, err = drive(ctx, 1, b.options.Round/2, b.nulls.do); err != nil {
			return p, err
		}
		nulls = append(nulls, r.latencies...)
	}
	return Point{P50: Milliseconds(median(bought)), NullP50: Milliseconds(median(nulls)), CPU: total(used.milliseconds(len(bought)))}, nil
}

func (g *Growth) show(w io.Writer) {
	fmt.Fprintf(w, "\n%-18s %8s %12s %14s %12s %12s %12s\n", "Orders in the books", "lines", "p50 ms", "null saga ms", "of the first", "CPU ms", "filled in s")
	for _, p := range g.Points {
		fmt.Fprintf(w, "%-18d %8d %12.2f %14.2f %12.2f %12.1f %12.0f\n", p.Orders, p.Lines, p.P50, p.NullP50, p.Growth, p.CPU, p.Filled)
	}
	fmt.Fprintf(w, "Books: %d invariants looked at in %.0f s, %d broken.\n", g.Checked, g.CheckedS, len(g.Broken))
}

// missed says whether the books hold.
func (g *Growth) missed() (all goals) {
	all.miss(len(g.Broken) > 0, "the largest books do not hold: %s", strings.Join(g.Broken, ", "))
	return all
}
