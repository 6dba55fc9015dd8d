package analytics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/internal/id"
)

func TestAnEventCountsOnce(t *testing.T) {
	s := open(t)
	in := analytics.RecordEventsInput{AnonymousID: id.New(), Events: []analytics.BehaviourEvent{
		{ID: id.New(), Type: analytics.ProductViewed, OccurredAt: time.Now()},
		{ID: id.New(), Type: analytics.AddedToCart, OccurredAt: time.Now()},
	}}
	in.Events = append(in.Events, in.Events[0])
	for _, want := range []int64{2, 0} {
		recorded, err := s.RecordEvents(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, want, recorded.Recorded)
	}
	require.Equal(t, [4]int64{1, 1, 0, 0}, s.funnel())
}

func TestTheFunnelCountsVisitorsByHowFarTheyCame(t *testing.T) {
	s := open(t)
	buyer, nobody := id.New(), uuid.Nil
	s.did(nobody, id.New(), noon(1), analytics.ProductViewed)
	s.did(nobody, id.New(), noon(1), analytics.Searched)
	s.did(nobody, id.New(), noon(2), analytics.ProductViewed, analytics.AddedToCart)
	s.did(buyer, uuid.Nil, noon(1), analytics.ProductViewed)
	s.did(buyer, uuid.Nil, noon(2), analytics.CheckoutBegun)
	s.bought(buyer, id.New())
	s.hear(ordered(id.New(), eur(100)).placed(noon(1)))
	require.Equal(t, [4]int64{4, 3, 2, 1}, s.funnel())
}

func TestWhatAVisitorDidBeforeSigningInIsTheirs(t *testing.T) {
	s := open(t)
	user, anonymous := id.New(), id.New()
	s.did(uuid.Nil, anonymous, noon(2), analytics.ProductViewed)
	s.did(user, anonymous, noon(1), analytics.AddedToCart)
	s.bought(user, id.New())
	require.Equal(t, [4]int64{1, 1, 1, 1}, s.funnel())
}

func TestLateEventsCountOnTheirDay(t *testing.T) {
	s := open(t)
	s.did(uuid.Nil, id.New(), noon(20), analytics.ProductViewed)
	before, err := s.ReadFunnel(t.Context(), analytics.Period{From: noon(20), To: noon(20)})
	require.NoError(t, err)
	require.Equal(t, int64(1), before.Steps[0].Visitors)
	after, err := s.ReadFunnel(t.Context(), analytics.Period{From: noon(19), To: noon(0)})
	require.NoError(t, err)
	require.Zero(t, after.Steps[0].Visitors)

	s.did(uuid.Nil, id.New(), time.Now().Add(48*time.Hour), analytics.ProductViewed)
	today, err := s.ReadFunnel(t.Context(), analytics.Period{From: time.Now(), To: time.Now()})
	require.NoError(t, err)
	require.Equal(t, int64(1), today.Steps[0].Visitors, "a clock that is ahead counts as now")
}

func TestABatchThatSaysNothingIsRefused(t *testing.T) {
	s := open(t)
	good := analytics.BehaviourEvent{ID: id.New(), Type: analytics.Searched, OccurredAt: time.Now()}
	nameless, strange, old := good, good, good
	nameless.ID, strange.Type, old.OccurredAt = uuid.Nil, "slept", time.Now().AddDate(0, 0, -31)
	for name, in := range map[string]analytics.RecordEventsInput{
		"empty": {}, "no id": {Events: []analytics.BehaviourEvent{nameless}}, "no such type": {Events: []analytics.BehaviourEvent{strange}},
		"too old": {Events: []analytics.BehaviourEvent{old}}, "too many": {Events: make([]analytics.BehaviourEvent, 101)},
	} {
		in.AnonymousID = id.New()
		_, err := s.RecordEvents(t.Context(), in)
		require.ErrorIs(t, err, analytics.ErrBadEvents, name)
	}
	_, err := s.RecordEvents(t.Context(), analytics.RecordEventsInput{Events: []analytics.BehaviourEvent{good}})
	require.ErrorIs(t, err, analytics.ErrNoVisitor)
}

func TestOfASearchNoAddressIsKept(t *testing.T) {
	s := open(t)
	for _, text := range []string{"  Red   MUG ", "ada@example.org", strings.Repeat("ü", 120)} {
		_, err := s.RecordEvents(t.Context(), analytics.RecordEventsInput{AnonymousID: id.New(), Events: []analytics.BehaviourEvent{
			{ID: id.New(), Type: analytics.Searched, OccurredAt: time.Now(), Query: text},
		}})
		require.NoError(t, err)
	}
	var kept []string
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT array_agg(query ORDER BY query) FILTER (WHERE query IS NOT NULL) FROM behaviour").Scan(&kept))
	require.Equal(t, []string{"red mug", strings.Repeat("ü", 100)}, kept)
}
