package analytics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/events"
	"kassa/internal/id"
)

func TestWhatWasBoughtTogetherComesBeforeWhatIsPopular(t *testing.T) {
	s := open(t)
	tea, mug, cup, hit := id.New(), id.New(), id.New(), id.New()
	s.bought(id.New(), tea, mug)
	s.bought(id.New(), tea, mug, cup)
	for range 3 {
		s.bought(id.New(), hit)
	}
	want := []analytics.Recommendation{
		{ProductID: mug, Reason: analytics.BoughtTogether, Orders: 2},
		{ProductID: cup, Reason: analytics.BoughtTogether, Orders: 1},
		{ProductID: hit, Reason: analytics.Popular, Orders: 3},
	}
	related, err := s.ListRelatedProducts(t.Context(), analytics.ListRelatedInput{ProductID: tea})
	require.NoError(t, err)
	require.Equal(t, want, related.Products)

	customer := id.New()
	s.bought(customer, tea)
	forThem, err := s.ListRecommendations(t.Context(), analytics.ListRecommendationsInput{UserID: customer})
	require.NoError(t, err)
	require.Equal(t, want, forThem.Products, "without the tea, which they have")
	one, err := s.ListRecommendations(t.Context(), analytics.ListRecommendationsInput{UserID: customer, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, want[:1], one.Products)
}

func TestWhatAVisitorLookedAtIsAnInterest(t *testing.T) {
	s := open(t)
	tea, mug, user, anonymous := id.New(), id.New(), id.New(), id.New()
	s.bought(id.New(), tea, mug)
	_, err := s.RecordEvents(t.Context(), analytics.RecordEventsInput{AnonymousID: anonymous, Events: []analytics.BehaviourEvent{
		{ID: id.New(), Type: analytics.ProductViewed, OccurredAt: time.Now(), ProductID: &tea},
	}})
	require.NoError(t, err)
	s.did(user, anonymous, time.Now(), analytics.Searched)
	found, err := s.ListRecommendations(t.Context(), analytics.ListRecommendationsInput{UserID: user})
	require.NoError(t, err)
	require.Equal(t, []analytics.Recommendation{
		{ProductID: mug, Reason: analytics.BoughtTogether, Orders: 1}, {ProductID: tea, Reason: analytics.Popular, Orders: 1},
	}, found.Products)
}

func TestNothingIsRecommendedThatCannotBeBought(t *testing.T) {
	s := open(t)
	tea, gone, cancelled := id.New(), id.New(), id.New()
	s.bought(id.New(), tea, gone)
	s.hear(events.NewProductUpdated(time.Now(), events.ProductChanged{ProductID: gone, Status: "archived", Version: 2}))
	o := ordered(id.New(), eur(2000), of(tea, 1), of(cancelled, 1))
	s.hear(o.confirmed(time.Now()), o.cancelled(time.Now()))
	related, err := s.ListRelatedProducts(t.Context(), analytics.ListRelatedInput{ProductID: tea})
	require.NoError(t, err)
	require.Empty(t, related.Products)

	s.hear(events.NewProductUpdated(time.Now(), events.ProductChanged{ProductID: gone, Status: "active", Version: 3}))
	related, err = s.ListRelatedProducts(t.Context(), analytics.ListRelatedInput{ProductID: tea})
	require.NoError(t, err)
	require.Equal(t, []analytics.Recommendation{{ProductID: gone, Reason: analytics.BoughtTogether, Orders: 1}}, related.Products)
}

func TestNobodyKnownGetsWhatIsPopular(t *testing.T) {
	s := open(t)
	hit := id.New()
	s.bought(id.New(), hit)
	found, err := s.ListRecommendations(t.Context(), analytics.ListRecommendationsInput{UserID: id.New()})
	require.NoError(t, err)
	require.Equal(t, []analytics.Recommendation{{ProductID: hit, Reason: analytics.Popular, Orders: 1}}, found.Products)
}
