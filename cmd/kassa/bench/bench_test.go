package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestPercentilesAreNearestRanks(t *testing.T) {
	var hundred []time.Duration
	for n := range 100 {
		hundred = append(hundred, time.Duration(100-n)*time.Millisecond)
	}
	require.Equal(t, Latency{P50: 50, P95: 95, P99: 99}, latency(hundred))
	require.Equal(t, Latency{P50: 7, P95: 7, P99: 7}, latency([]time.Duration{7 * time.Millisecond}))
	require.Equal(t, Latency{}, latency(nil))
}

func TestARequestIsDueByTheSchedule(t *testing.T) {
	s := schedule{{rate: 10, length: time.Second}, {rate: 100, length: 100 * time.Millisecond}, {rate: 1, length: 2 * time.Second}}
	var due []time.Duration
	for n := uint64(0); ; n++ {
		at, more := s.due(n)
		if !more {
			break
		}
		due = append(due, at.Round(time.Millisecond))
	}
	require.Len(t, due, 10+10+2)
	require.Equal(t, []time.Duration{0, 100 * time.Millisecond}, due[:2])
	require.Equal(t, []time.Duration{time.Second, 1010 * time.Millisecond}, due[10:12])
	require.Equal(t, []time.Duration{1100 * time.Millisecond, 2100 * time.Millisecond}, due[20:])
	require.Equal(t, []float64{10, 100, 1, 0}, []float64{s.Rate(0), s.Rate(time.Second), s.Rate(1200 * time.Millisecond), s.Rate(time.Minute)})
}

func TestAnOpenLoadDoesNotWaitForAnswers(t *testing.T) {
	const hold = 300 * time.Millisecond
	var atOnce, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := atOnce.Add(1)
		defer atOnce.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		select {
		case <-r.Context().Done():
		case <-time.After(hold):
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	all, err := arrive(t.Context(), steady(50, 400*time.Millisecond), vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: server.URL}))
	require.NoError(t, err)
	require.Len(t, all, 20)
	require.Greater(t, most.Load(), int64(5))
	for n, a := range all {
		require.Equal(t, time.Duration(n)*20*time.Millisecond, a.due)
		require.GreaterOrEqual(t, a.took, hold)
		require.True(t, a.refused() && a.again)
	}
}

func TestAnOpenLoadEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := arrive(ctx, steady(20, time.Hour), vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: server.URL}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// purchase is a checkout that was answered after so many milliseconds.
func purchase(due, took time.Duration, status int) arrival {
	return arrival{due: due, took: took, method: http.MethodPost, status: status}
}

func TestTheKneeIsTheHighestRateThatIsBorne(t *testing.T) {
	var tried []float64
	steps, knee, err := climb(func(rate float64) (Step, bool, error) {
		tried = append(tried, round(rate))
		return Step{Rate: round(rate), Goodput: round(min(rate, 20))}, rate <= 20, nil
	})
	require.NoError(t, err)
	// Each rate that fails is tried once more; then it goes on from the last good one in small steps.
	require.Equal(t, []float64{8, 11.2, 15.68, 21.95, 21.95, 18.03, 20.74, 20.74}, tried)
	require.Equal(t, Step{Rate: 18.03, Goodput: 18.03}, knee)
	require.Equal(t, []float64{8, 11.2, 15.68, 18.03, 20.74, 21.95}, rates(steps))

	_, _, err = climb(func(rate float64) (Step, bool, error) { return Step{Rate: rate}, false, nil })
	require.ErrorContains(t, err, "too many already")
}

func rates(steps []Step) (all []float64) {
	for _, s := range steps {
		all = append(all, s.Rate)
	}
	return all
}

func TestAnOverloadIsJudgedByWhatWasOffered(t *testing.T) {
	all := []arrival{
		purchase(0, 100*time.Millisecond, 201),
		purchase(250*time.Millisecond, 2*time.Second, 201), // too late to count
		{due: 500 * time.Millisecond, took: 10 * time.Millisecond, method: http.MethodGet, status: 503, again: true},
		purchase(750*time.Millisecond, 30*time.Millisecond, 429),
	}
	for second := 1; second <= 9; second++ { // the first two seconds after it are bad
		took := 50 * time.Millisecond
		if second <= 2 {
			took = 5 * time.Second
		}
		all = append(all, purchase(time.Duration(second)*time.Second, took, 201))
	}
	o := &Overload{Knee: 2}
	o.judge(all, time.Second)
	require.Equal(t, &Overload{
		Knee: 2, Goodput: 1, Share: 0.5,
		Answers: map[int]float64{201: 0.5, 503: 0.25, 429: 0.25},
		Refused: 0.5, Advised: 0.5, Refusal: Latency{P50: 10, P95: 30, P99: 30}, Recovery: 2,
	}, o)
	require.Len(t, o.missed(), 2) // the goodput, and a refusal without advice
	require.InDelta(t, -1, recovery(all[:6], time.Second), 0)
}

func TestUseIsSharedAmongOperations(t *testing.T) {
	var c cost
	before := cost{usage{"order": time.Second, "postgres": 0}, map[string]float64{"order": 100}}
	after := cost{usage{"order": 3 * time.Second, "postgres": time.Second, "postgres orders": time.Second}, map[string]float64{"order": 500}}
	c.add(after.since(before))
	require.Equal(t, map[string]float64{"order": 200, "postgres": 100, "postgres orders": 100}, c.milliseconds(10))
	require.Equal(t, map[string]float64{"order": 40}, c.allocations(10))
	require.InDelta(t, 300, total(c.milliseconds(10)), 0)
	idle := cost{usage{"order": 500 * time.Millisecond, "postgres": time.Hour}, map[string]float64{"order": 50}}
	require.Equal(t, map[string]float64{"order": 100, "postgres": 0, "postgres orders": 100}, c.without(idle, 2).milliseconds(10))
}

func TestTheDocumentKeepsTheCheckoutsFiguresAtItsTop(t *testing.T) {
	r := &Report{Checkout: &Checkout{Ratio: 0.5}, Overload: &Overload{Knee: 40}}
	content, err := json.Marshal(r)
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, json.Unmarshal(content, &document))
	require.InDelta(t, 0.5, document["ratio"], 0)
	require.InDelta(t, 40, document["overload"].(map[string]any)["knee_per_s"], 0)
	require.NotContains(t, document, "growth")
}

func TestThePictureShowsTheRamp(t *testing.T) {
	r := &Report{Machine: Machine{Cores: 2, CPU: "A & B"}, Overload: &Overload{Knee: 20, Steps: []Step{
		{Rate: 10, Latency: Latency{P50: 30, P95: 60, P99: 90}}, {Rate: 20, Latency: Latency{P50: 90, P95: 300, P99: 900}},
	}}}
	picture := string(r.Picture())
	require.Contains(t, picture, "A &amp; B")
	require.Contains(t, picture, "knee: 20/s")
	require.Contains(t, picture, `<polyline points="`)
	require.Contains(t, string((&Report{}).Picture()), "not measured")
}
