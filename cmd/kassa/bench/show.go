package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Database is the database in a name like "postgres orders", which is a part of
// what Postgres uses.
func Database(name string) (string, bool) { return strings.CutPrefix(name, postgres+" ") }

// show prints it for people.
func (r *Checkout) show(w io.Writer) {
	fmt.Fprintf(w, "\nHistory of a checkout: %d events: %s\n", len(r.Events), strings.Join(r.Events, ", "))
	fmt.Fprintf(w, "Database transactions before the answer: %d\n", len(r.BeforeAnswer))
	for _, t := range r.BeforeAnswer {
		fmt.Fprintf(w, "  %-10s %s\n", t.database, strings.Join(t.statements, ", "))
	}
	if r.Ratio == 0 {
		return // it went no further
	}
	fmt.Fprintln(w, "Transactions per checkout under load, relays and consumers included:")
	for _, database := range slices.Sorted(maps.Keys(r.Transactions)) {
		fmt.Fprintf(w, "  %-10s %.2f\n", database, r.Transactions[database])
	}
	r.showProcessorTime(w)
	showAllocations(w, r.Saga.cost.allocations(r.Saga.done))
	fmt.Fprintf(w, "\n%-34s %12s %12s\n", "", "checkout", "null saga")
	row := func(what, format string, checkout, null any) {
		fmt.Fprintf(w, "%-34s %12s %12s\n", what, fmt.Sprintf(format, checkout), fmt.Sprintf(format, null))
	}
	row("per second, each round", "%.0f", r.Saga.PerSecond, r.Null.PerSecond)
	row("per second, median", "%.1f", r.CheckoutPerSecond, r.NullPerSecond)
	row("latency with many clients, ms", "%.1f", Milliseconds(median(r.Saga.Loaded)), Milliseconds(median(r.Null.Loaded)))
	row("latency at one client, ms", "%.2f", Milliseconds(r.CheckoutP50), Milliseconds(r.NullP50))
	row("everything done after, ms", "%.0f", Milliseconds(median(r.Saga.Drained)), Milliseconds(median(r.Null.Drained)))
	fmt.Fprintf(w, "By an open load of %.0f checkouts/s: p50 %.0f ms, p95 %.0f ms, p99 %.0f ms.\n", r.OpenRate, r.Open.P50, r.Open.P95, r.Open.P99)
	if r.Repeated > 0 {
		fmt.Fprintf(w, "Purchases asked for again because the answer was 503 or 202: %d\n", r.Repeated)
	}
	fmt.Fprintf(w, "\nThroughput: %.2f of the null saga's (budget: at least %.1f). Latency: %.2f times (budget: at most %.0f).\n",
		r.Ratio, leastRatio, float64(r.CheckoutP50)/float64(r.NullP50), mostLatency)
}

func (r *Checkout) showProcessorTime(w io.Writer) {
	checkout, null := r.Saga.CPU(), r.Null.CPU()
	if len(checkout) == 0 {
		return // there is no /proc
	}
	fmt.Fprintf(w, "\n%-34s %12s %12s\n", "Processor time of one, ms", "checkout", "null saga")
	var total, nullTotal float64
	for _, name := range slices.SortedFunc(maps.Keys(checkout), func(a, b string) int { return strings.Compare(a, b) }) {
		shown := name
		if database, part := Database(name); part {
			shown = "  of it for " + database
		} else {
			total, nullTotal = total+checkout[name], nullTotal+null[name]
		}
		if checkout[name] >= 0.005 || null[name] >= 0.005 {
			fmt.Fprintf(w, "  %-32s %12.2f %12.2f\n", shown, checkout[name], null[name])
		}
	}
	fmt.Fprintf(w, "  %-32s %12.2f %12.2f\n", "all", total, nullTotal)
}

func showAllocations(w io.Writer, objects map[string]float64) {
	fmt.Fprintf(w, "\n%-34s %12s\n", "Objects allocated for one", "checkout")
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		fmt.Fprintf(w, "  %-32s %12.0f\n", name, objects[name])
	}
}
