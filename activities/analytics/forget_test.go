package analytics_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/internal/id"
)

func TestAForgottenUserLeavesRevenueAndNothingElse(t *testing.T) {
	s := open(t)
	user, anonymous, other := id.New(), id.New(), id.New()
	s.did(user, anonymous, noon(1), analytics.ProductViewed)
	s.did(other, id.New(), noon(1), analytics.ProductViewed)
	s.bought(user, id.New())
	before := s.revenue()

	forgotten, err := s.ForgetVisitor(t.Context(), analytics.ForgetVisitorInput{UserID: user})
	require.NoError(t, err)
	require.Equal(t, analytics.ForgottenVisitor{Events: 1, Visits: 1, Sales: 1}, forgotten)
	require.Equal(t, before, s.revenue())
	require.Equal(t, [4]int64{2, 1, 1, 1}, s.funnel(), "the order is a visitor of its own now")

	again, err := s.ForgetVisitor(t.Context(), analytics.ForgetVisitorInput{UserID: user})
	require.NoError(t, err)
	require.Equal(t, analytics.ForgottenVisitor{}, again)
}

func TestWhatIsToldLaterIsNotLinkedToAForgottenUser(t *testing.T) {
	s := open(t)
	user := id.New()
	o := ordered(user, eur(1000), of(id.New(), 1))
	placed, confirmed, cancelled := o.placed(noon(1)), o.confirmed(noon(1)), ordered(user, eur(5)).cancelled(noon(1))
	_, err := s.ForgetVisitor(t.Context(), analytics.ForgetVisitorInput{UserID: user})
	require.NoError(t, err)
	s.hear(confirmed, placed, cancelled)
	recorded, err := s.RecordEvents(t.Context(), analytics.RecordEventsInput{UserID: user, AnonymousID: id.New(), Events: []analytics.BehaviourEvent{
		{ID: id.New(), Type: analytics.ProductViewed, OccurredAt: time.Now()},
	}})
	require.NoError(t, err)
	require.Zero(t, recorded.Recorded)

	var traces int
	require.NoError(t, s.pool.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM sales WHERE user_id = $1) + (SELECT count(*) FROM behaviour WHERE user_id = $1 OR visitor_id = $1)
		     + (SELECT count(*) FROM visits WHERE visitor_id = $1) + (SELECT count(*) FROM visitors WHERE user_id = $1)`, user).Scan(&traces))
	require.Zero(t, traces)
}

func TestHousekeepingDeletesOldBehaviourAndKeepsVisits(t *testing.T) {
	s := open(t)
	s.did(id.New(), id.New(), noon(1), analytics.ProductViewed)
	_, err := s.pool.Exec(t.Context(), "UPDATE behaviour SET occurred_at = now() - interval '91 days'")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- analytics.Housekeep(ctx, s.Service, func(err error) { t.Error(err) }) }()
	require.Eventually(t, func() bool {
		var left int
		return s.pool.QueryRow(t.Context(), "SELECT count(*) FROM behaviour").Scan(&left) == nil && left == 0
	}, time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, [4]int64{1, 0, 0, 0}, s.funnel())
}
