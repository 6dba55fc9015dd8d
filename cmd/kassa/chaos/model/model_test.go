package model

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	schedules = flag.Int("schedules", 1500, "schedules to explore")
	story     = flag.Uint64("story", 0, "tell what happens in the schedule of this seed")
	mistake   = flag.String("mistake", "", "with this mistake")
	seed      = flag.Uint64("seed", 1, "of the first schedule")
)

func TestNoScheduleBreaksAnOrder(t *testing.T) {
	r, err := Explore(t.Context(), Options{Seed: *seed, Schedules: *schedules, Enough: 20})
	require.NoError(t, err)
	for _, f := range r.Findings {
		t.Log(f)
	}
	t.Logf("%+v", r)
	require.Empty(t, r.Findings)
	for what, count := range map[string]int{"confirmed": r.Confirmed, "rejected": r.Rejected, "cancelled": r.Cancelled, "shipped": r.Shipped, "refunded": r.Refunded, "returned": r.Returned} {
		require.Positive(t, count, what)
	}
}

// TestAHeldCheckoutOfAClosedOrderEnds plays the schedule in which an operator sends
// a saga back to where it was held, after its order was closed.
func TestAHeldCheckoutOfAClosedOrderEnds(t *testing.T) {
	var story []string
	r, err := Explore(t.Context(), Options{Seed: 32387, Schedules: 1, Say: func(format string, args ...any) {
		story = append(story, fmt.Sprintf(format, args...))
	}})
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	told := strings.Join(story, "\n")
	require.Contains(t, told, "an operator resets", "another schedule must be found for this")
	require.Contains(t, told, "held")
}

// TestARefusedRefundIsNeverMade plays the schedule in which a refund is refused, more
// is captured, and the saga, whose worker died before it could say so, asks again.
func TestARefusedRefundIsNeverMade(t *testing.T) {
	o := Options{Seed: 218697, Schedules: 1}
	r, err := Explore(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	o.Broken = ForgetsRefusal
	r, err = Explore(t.Context(), o)
	require.NoError(t, err)
	require.NotEmpty(t, r.Findings, "another schedule must be found for this")
}

func TestTellAStory(t *testing.T) {
	if *story == 0 {
		t.Skip("tells a schedule when asked to: -story SEED")
	}
	r, err := Explore(t.Context(), Options{Seed: *story, Schedules: 1, Broken: Broken(*mistake), Say: t.Logf})
	require.NoError(t, err)
	t.Logf("%+v", r)
}

func TestEveryMistakeIsFound(t *testing.T) {
	for _, broken := range Mistakes() {
		t.Run(string(broken), func(t *testing.T) {
			r, err := Explore(t.Context(), Options{Seed: *seed, Schedules: *schedules, Broken: broken, Enough: 1})
			require.NoError(t, err)
			require.NotEmpty(t, r.Findings, "in %d schedules", r.Schedules)
			t.Logf("after %d schedules: %s", r.Schedules, r.Findings[0])
		})
	}
}

func TestASeedAlwaysTellsTheSameStory(t *testing.T) {
	tell := func(seed uint64) (story []string) {
		_, err := Explore(t.Context(), Options{Seed: seed, Schedules: 1, Say: func(format string, args ...any) {
			story = append(story, fmt.Sprintf(format, args...))
		}})
		require.NoError(t, err)
		return story
	}
	for seed := range uint64(50) {
		first, again := tell(seed), tell(seed)
		require.Equal(t, first, again, "seed %d", seed)
	}
}
