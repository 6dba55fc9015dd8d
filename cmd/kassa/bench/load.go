package bench

import (
	"context"
	"net/http"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// patience is how long a customer of an open load waits for an answer.
const patience = 15 * time.Second

// stage is a time of constant load.
type stage struct {
	rate   float64 // requests per second
	length time.Duration
}

// schedule says when requests are due: stage after stage. It is a vegeta.Pacer.
type schedule []stage

// due is when the n-th request is to be sent, counted from 0; false after the last.
func (s schedule) due(n uint64) (time.Duration, bool) {
	var begin time.Duration
	left := float64(n)
	for _, stage := range s {
		if all := stage.rate * stage.length.Seconds(); left >= all {
			left -= all
			begin += stage.length
			continue
		}
		return begin + time.Duration(left/stage.rate*float64(time.Second)), true
	}
	return 0, false
}

// Pace tells vegeta how long to wait for the next request, and when to stop.
func (s schedule) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	due, more := s.due(hits)
	return due - elapsed, !more
}

// Rate is the number of requests per second at a moment.
func (s schedule) Rate(elapsed time.Duration) float64 {
	for _, stage := range s {
		if elapsed < stage.length {
			return stage.rate
		}
		elapsed -= stage.length
	}
	return 0
}

// An arrival is a request of an open load: it came when it was due, whether or
// not those before it had been answered.
type arrival struct {
	due    time.Duration // since the load began
	late   time.Duration // it was sent so long after it was due: what the load generator itself is behind
	took   time.Duration // from when it was due to the end of the answer
	method string
	status int  // 0 without an answer
	again  bool // the answer says when to ask again: Retry-After
}

// arrive sends what next asks for by the schedule, to whatever it comes, and
// answers when the last has its answer, in the order of sending.
func arrive(ctx context.Context, s schedule, next vegeta.Targeter) ([]arrival, error) {
	roads := &http.Transport{MaxIdleConnsPerHost: 4096, DisableCompression: true}
	defer roads.CloseIdleConnections()
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: roads, Timeout: patience}), vegeta.MaxBody(0))
	defer goFirst()()
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	var all []arrival
	begin := time.Now()
	for r := range attacker.Attack(next, s, 0, "") {
		due, _ := s.due(r.Seq)
		all = append(all, arrival{
			due: due, late: r.Timestamp.Sub(begin) - due, took: r.End().Sub(begin) - due,
			method: r.Method, status: int(r.Code), again: r.Headers.Get("Retry-After") != "",
		})
	}
	slices.SortFunc(all, func(a, b arrival) int { return int(a.due - b.due) })
	return all, ctx.Err()
}

// steady is a load of one rate.
func steady(rate float64, length time.Duration) schedule { return schedule{{rate, length}} }

// Latency is how long answers took, in milliseconds from when the request was due.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
}

// latency summarises times; they are sorted by it.
func latency(times []time.Duration) Latency {
	slices.Sort(times)
	return Latency{
		P50: Milliseconds(percentile(times, 50)), P95: Milliseconds(percentile(times, 95)), P99: Milliseconds(percentile(times, 99)),
	}
}

// percentile is the smallest value that p percent do not exceed (nearest rank);
// 0 of none.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// times are those of some arrivals.
func times(all []arrival, of func(arrival) bool) []time.Duration {
	var some []time.Duration
	for _, a := range all {
		if of(a) {
			some = append(some, a.took)
		}
	}
	return some
}
