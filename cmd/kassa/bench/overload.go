package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	inTime     = time.Second // a checkout that is confirmed later is no good answer
	enough     = 0.95        // of the checkouts confirmed in time: the rate can be borne
	firstRate  = 8.0         // checkouts per second of a ramp
	coarse     = 1.4         // from step to step, until one fails
	fine       = 1.15        // from the last that was borne
	excess     = 10.0        // times the knee
	afterwards = 0.7         // times the knee
	watched    = 35 * time.Second
	browsing   = 1 // products and searches for each checkout
)

// What an overload must keep to.
const (
	leastGoodput  = 0.9  // of the knee's
	mostRefusal   = 50.0 // ms until a request is refused
	mostRecovery  = 30.0 // s until all is as it was
	leastOfNormal = 0.9  // of a second's checkouts confirmed in time: the second is normal
)

// Overload is what a ramp to the knee, ten times as much and the time after showed.
type Overload struct {
	Steps   []Step  `json:"steps"`
	Knee    float64 `json:"knee_per_s"`    // checkouts confirmed in time at the highest rate that could be borne
	Offered float64 `json:"offered_per_s"` // checkouts during the overload
	Seconds float64 `json:"seconds"`       // that it lasted
	Goodput float64 `json:"goodput_per_s"` // checkouts confirmed in time during it
	Share   float64 `json:"goodput_of_knee"`

	Answers   map[int]float64 `json:"answers"`       // share of all requests during it, browsing included, by status; 0 is none
	Refused   float64         `json:"refused"`       // share with 429 or 503
	Advised   float64         `json:"retry_after"`   // share of these that say when to ask again
	Refusal   Latency         `json:"refusal"`       // how long these took
	Taken     float64         `json:"generator_cpu"` // share of all processors that the customers took meanwhile
	Generator Latency         `json:"generator"`     // how far behind the load generator was
	Recovery  float64         `json:"recovery_s"`    // after its end until all was as before; −1 when it was not
	Audit                     // afterwards
}

// Step is a rate of checkouts, and what came of it; the latency is that of those
// that were not refused.
type Step struct {
	Rate    float64 `json:"rate_per_s"`
	Goodput float64 `json:"goodput_per_s"`
	Latency
}

// overload finds the knee, offers ten times as much, and looks how the shop comes back.
func (b *bench) overload(ctx context.Context) (*Overload, error) {
	o := &Overload{}
	steps, knee, err := b.knee(ctx)
	o.Steps = steps
	if err != nil {
		return o, err
	}
	o.Knee, o.Offered, o.Seconds = knee.Goodput, round(excess*knee.Rate), b.options.Excess.Seconds()
	b.options.Progress(fmt.Sprintf("the knee is at %.0f checkouts/s; %.0f/s for %s", knee.Rate, o.Offered, b.options.Excess))
	began := b.own()
	busy := make(chan time.Duration, 1)
	time.AfterFunc(b.options.Excess, func() { busy <- b.own() - began })
	all, err := b.shop(ctx, schedule{{o.Offered, b.options.Excess}, {afterwards * knee.Rate, watched}})
	if err != nil {
		return o, err
	}
	o.Taken = round((<-busy).Seconds() / o.Seconds / float64(runtime.NumCPU()))
	o.judge(all, b.options.Excess)
	if _, err := b.backlogs.drain(ctx); err != nil {
		return o, err
	}
	b.options.Progress("checking the books")
	o.Audit, err = b.audit(ctx)
	return o, err
}

// knee tries the rate that is known, or climbs to it.
func (b *bench) knee(ctx context.Context) ([]Step, Step, error) {
	try := func(rate float64) (Step, bool, error) { return b.step(ctx, rate) }
	if b.options.Knee == 0 {
		return climb(try)
	}
	step, _, err := try(b.options.Knee)
	return []Step{step}, step, err
}

// climb raises the rate until it cannot be borne: in large steps, then in small
// ones from the last that could. A rate that fails is tried once more, because
// something else may have been going on. It answers all steps and the last borne.
func climb(try func(rate float64) (step Step, borne bool, err error)) (steps []Step, best Step, err error) {
	for rate, factor := firstRate, coarse; ; rate *= factor {
		step, borne, err := try(rate)
		if err == nil && !borne {
			step, borne, err = try(rate)
		}
		if err != nil {
			return steps, best, err
		}
		steps = append(steps, step)
		switch {
		case borne:
			best = step
		case best.Rate == 0:
			return steps, best, fmt.Errorf("%.0f checkouts per second are too many already: %.1f were confirmed in %s", rate, step.Goodput, inTime)
		case factor == fine:
			slices.SortFunc(steps, func(a, b Step) int { return cmp.Compare(a.Rate, b.Rate) })
			return steps, best, nil
		default:
			rate, factor = best.Rate, fine
		}
	}
}

// own is the processor time that the customers, this program, have used.
func (*bench) own() time.Duration { return processOf(os.Getpid()).used }

// step offers a rate for a while, and lets everything come to rest.
func (b *bench) step(ctx context.Context, rate float64) (Step, bool, error) {
	all, err := b.shop(ctx, steady(rate, b.options.Step))
	if err != nil {
		return Step{}, false, err
	}
	checkouts := slices.DeleteFunc(all, func(a arrival) bool { return a.method != http.MethodPost })
	good := confirmed(checkouts)
	step := Step{
		Rate: round(rate), Goodput: round(float64(good) / b.options.Step.Seconds()),
		Latency: latency(times(checkouts, func(a arrival) bool { return !a.refused() })),
	}
	b.options.Progress(fmt.Sprintf("%.1f checkouts/s: %.1f confirmed in time, p50 %.0f ms, p99 %.0f ms", step.Rate, step.Goodput, step.P50, step.P99))
	_, err = b.backlogs.drain(ctx)
	return step, float64(good) >= enough*float64(len(checkouts)), err
}

// shop offers checkouts by the schedule, and browsing beside them.
func (b *bench) shop(ctx context.Context, s schedule) ([]arrival, error) {
	for i := range s {
		s[i].rate *= 1 + browsing
	}
	return arrive(ctx, s, b.buyers.mixed())
}

// confirmed counts the checkouts that were confirmed in time.
func confirmed(all []arrival) (n int) {
	for _, a := range all {
		if a.method == http.MethodPost && a.status == http.StatusCreated && a.took <= inTime {
			n++
		}
	}
	return n
}

// judge says how it went during the overload and after it.
func (o *Overload) judge(all []arrival, length time.Duration) {
	end, _ := slices.BinarySearchFunc(all, length, func(a arrival, at time.Duration) int { return int(a.due - at) })
	during, after := all[:end], all[end:]
	o.Goodput = round(float64(confirmed(during)) / length.Seconds())
	o.Share = round(o.Goodput / o.Knee)
	o.Answers = map[int]float64{}
	var refused, advised int
	var late []time.Duration
	for _, a := range during {
		o.Answers[a.status]++
		late = append(late, a.late)
		if a.refused() {
			refused++
			if a.again {
				advised++
			}
		}
	}
	for status, n := range o.Answers {
		o.Answers[status] = share(int(n), len(during))
	}
	o.Refused, o.Advised = share(refused, len(during)), share(advised, refused)
	o.Refusal, o.Generator = latency(times(during, arrival.refused)), latency(late)
	o.Recovery = recovery(after, length)
}

func (a arrival) refused() bool {
	return a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
}

// recovery is how many seconds after begin the first of five normal seconds in a
// row starts; −1 when there are none.
func recovery(after []arrival, begin time.Duration) float64 {
	const row = 5
	offered, good := map[int]int{}, map[int]int{}
	last := 0
	for _, a := range after {
		if a.method != http.MethodPost {
			continue
		}
		second := int((a.due - begin) / time.Second)
		last = max(last, second)
		offered[second]++
		good[second] += confirmed([]arrival{a})
	}
	normal := 0
	for second := range last + 1 {
		if float64(good[second]) < leastOfNormal*float64(offered[second]) {
			normal = 0
			continue
		}
		if normal++; normal == row {
			return float64(second + 1 - row)
		}
	}
	return -1
}

// missed says which goals were not reached.
func (o *Overload) missed() (all goals) {
	all.miss(o.Share < leastGoodput, "under ten times the load the goodput is %.2f of the knee's; the goal is at least %.1f", o.Share, leastGoodput)
	all.miss(o.Refusal.P99 > mostRefusal, "a refusal takes %.0f ms (p99); the goal is at most %.0f", o.Refusal.P99, mostRefusal)
	all.miss(o.Refused > 0 && o.Advised < 1, "%.0f %% of the refusals do not say when to ask again", 100*(1-o.Advised))
	all.miss(o.Recovery < 0 || o.Recovery > mostRecovery, "after the overload it took %.0f s until all was as before; the goal is at most %.0f", o.Recovery, mostRecovery)
	all.miss(len(o.Broken) > 0, "the books do not hold: %s", strings.Join(o.Broken, ", "))
	return all
}

func (o *Overload) show(w io.Writer) {
	fmt.Fprintf(w, "\n%-34s %12s %12s %12s %12s\n", "Checkouts/s offered", "in time", "p50 ms", "p95 ms", "p99 ms")
	for _, s := range o.Steps {
		fmt.Fprintf(w, "%-34.1f %12.1f %12.0f %12.0f %12.0f\n", s.Rate, s.Goodput, s.P50, s.P95, s.P99)
	}
	fmt.Fprintf(w, "Knee: %.1f checkouts/s, with %d read beside each.\n", o.Knee, browsing)
	fmt.Fprintf(w, "%.0f checkouts/s for %.0f s: %.1f/s confirmed in time, %.2f of the knee.\n", o.Offered, o.Seconds, o.Goodput, o.Share)
	fmt.Fprintf(w, "Refused: %.0f %% of all requests, %.0f %% of them with Retry-After, p50 %.0f ms, p99 %.0f ms (load generator behind: p50 %.0f ms, p99 %.0f ms).\n",
		100*o.Refused, 100*o.Advised, o.Refusal.P50, o.Refusal.P99, o.Generator.P50, o.Generator.P99)
	fmt.Fprintf(w, "Answers: %s. The customers themselves took %.0f %% of the machine.\n", statuses(o.Answers), 100*o.Taken)
	fmt.Fprintf(w, "As before %.0f s after its end (−1: not in %.0f s). Books: %d invariants looked at, %d broken.\n", o.Recovery, watched.Seconds(), o.Checked, len(o.Broken))
}

// statuses are shares of answers in words, the largest first.
func statuses(shares map[int]float64) string {
	codes := slices.SortedFunc(maps.Keys(shares), func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	words := make([]string, len(codes))
	for i, code := range codes {
		words[i] = fmt.Sprintf("%d %.0f %%", code, 100*shares[code])
	}
	return strings.Join(words, ", ")
}
