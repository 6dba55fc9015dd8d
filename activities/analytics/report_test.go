package analytics_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/money"
)

func day(daysAgo int) string { return noon(daysAgo).Format(time.DateOnly) }

// revenueOf is a row with what came in and went out.
func revenueOf(daysAgo int, orders, gross, cancelled, refunded int64) analytics.DayRevenue {
	return analytics.DayRevenue{
		Day: day(daysAgo), Orders: orders, Gross: eur(gross), Cancelled: eur(cancelled), Refunded: eur(refunded), Net: eur(gross - cancelled - refunded),
	}
}

func TestRevenueIsOfTheDayAndOfTheCurrency(t *testing.T) {
	s := open(t)
	mug := id.New()
	first, second, dollars := ordered(id.New(), eur(2000), of(mug, 2)), ordered(id.New(), eur(1500), of(mug, 1)), ordered(id.New(), money.New(700, "USD"))
	s.hear(first.placed(noon(3)), first.confirmed(noon(2)), second.confirmed(noon(2)), dollars.confirmed(noon(1)))
	require.Equal(t, []analytics.DayRevenue{
		revenueOf(2, 2, 3500, 0, 0),
		{
			Day: day(1), Orders: 1, Gross: money.New(700, "USD"), Cancelled: money.New(0, "USD"), Refunded: money.New(0, "USD"), Net: money.New(700, "USD"),
		},
	}, s.revenue())

	only, err := s.ReadRevenue(t.Context(), analytics.ReadRevenueInput{Currency: "USD"})
	require.NoError(t, err)
	require.Len(t, only.Days, 1)
	early, err := s.ReadRevenue(t.Context(), analytics.ReadRevenueInput{Period: analytics.Period{From: noon(4), To: noon(3)}})
	require.NoError(t, err)
	require.Empty(t, early.Days, "an order that was only placed brought nothing")
}

func TestWhatIsGivenBackCountsOnceOnItsDay(t *testing.T) {
	s := open(t)
	o := ordered(id.New(), eur(5000))
	s.hear(o.confirmed(noon(5)), o.refunded(noon(4), eur(1200)), o.cancelled(noon(3)))
	require.Equal(t, []analytics.DayRevenue{
		revenueOf(5, 1, 5000, 0, 0), revenueOf(4, 0, 0, 0, 1200), revenueOf(3, 0, 0, 3800, 0),
	}, s.revenue(), "the cancellation gave back what the refund had left")

	never := ordered(id.New(), eur(900))
	s.hear(never.placed(noon(5)), never.cancelled(noon(3)))
	require.Len(t, s.revenue(), 3, "an order that was never confirmed takes nothing")
}

// TestTheOrderOfEventsIsAllOne tells the same lives of orders in many orders,
// some events twice.
func TestTheOrderOfEventsIsAllOne(t *testing.T) {
	mug, cup := id.New(), id.New()
	a, b, c := ordered(id.New(), eur(3000), of(mug, 3)), ordered(id.New(), eur(1000), of(cup, 1)), ordered(id.New(), eur(2000), of(mug, 1), of(cup, 1))
	story := []cloudevent.Event{
		a.placed(noon(6)), a.confirmed(noon(6)), a.refunded(noon(4), eur(500)), a.refunded(noon(3), eur(250)),
		b.placed(noon(6)), b.confirmed(noon(5)), b.cancelled(noon(4)),
		c.placed(noon(5)), c.confirmed(noon(5)), c.refunded(noon(4), eur(100)), c.cancelled(noon(2)),
	}
	want := []analytics.DayRevenue{
		revenueOf(6, 1, 3000, 0, 0), revenueOf(5, 2, 3000, 0, 0), revenueOf(4, 0, 0, 1000, 600), revenueOf(3, 0, 0, 0, 250), revenueOf(2, 0, 0, 1900, 0),
	}
	s := open(t)
	for round := range 20 {
		s := shop{Service: s.Service, t: t, pool: s.pool}
		_, err := s.pool.Exec(t.Context(), "TRUNCATE sales, sale_lines, refunds")
		require.NoError(t, err)
		told := append(append([]cloudevent.Event{}, story...), story[round%len(story)])
		rand.Shuffle(len(told), func(i, k int) { told[i], told[k] = told[k], told[i] })
		s.hear(told...)
		require.Equal(t, want, s.revenue(), "round %d", round)

		top, err := s.ListTopProducts(t.Context(), analytics.ListTopProductsInput{})
		require.NoError(t, err)
		require.Equal(t, []analytics.TopProduct{{ProductID: mug, Units: 3, Orders: 1, Revenue: []money.Money{eur(3000)}}}, top.Products)
		require.Equal(t, [4]int64{3, 3, 3, 3}, s.funnel())
	}
}

func TestTopProductsAreByPiecesOrByRevenue(t *testing.T) {
	s := open(t)
	mug, table := id.New(), id.New()
	dear, abroad := of(table, 1), of(mug, 1)
	price, dollars := eur(90_000), money.New(500, "USD")
	dear.Total, abroad.Total = &price, &dollars
	o, other := ordered(id.New(), eur(92_000), of(mug, 2), dear), ordered(id.New(), dollars, abroad)
	s.hear(o.confirmed(noon(1)), other.confirmed(noon(1)))

	by := func(in analytics.ListTopProductsInput) []analytics.TopProduct {
		top, err := s.ListTopProducts(t.Context(), in)
		require.NoError(t, err)
		return top.Products
	}
	require.Equal(t, []analytics.TopProduct{
		{ProductID: mug, Units: 3, Orders: 2, Revenue: []money.Money{eur(2000), money.New(500, "USD")}},
		{ProductID: table, Units: 1, Orders: 1, Revenue: []money.Money{eur(90_000)}},
	}, by(analytics.ListTopProductsInput{}))
	require.Equal(t, table, by(analytics.ListTopProductsInput{Currency: "EUR", ByRevenue: true, Limit: 1})[0].ProductID)

	_, err := s.ListTopProducts(t.Context(), analytics.ListTopProductsInput{ByRevenue: true})
	require.ErrorIs(t, err, analytics.ErrNoCurrency)
}

func TestAReportIsOfAtMostAYear(t *testing.T) {
	s := open(t)
	for name, period := range map[string]analytics.Period{
		"backwards": {From: noon(1), To: noon(2)}, "too long": {From: noon(366), To: noon(0)},
	} {
		_, err := s.ReadRevenue(t.Context(), analytics.ReadRevenueInput{Period: period})
		require.ErrorIs(t, err, analytics.ErrBadPeriod, name)
	}
	_, err := s.ReadFunnel(t.Context(), analytics.Period{From: noon(365), To: noon(0)})
	require.NoError(t, err)
}

func TestAConfirmationWithoutLinesStillBringsRevenue(t *testing.T) {
	s := open(t)
	o := ordered(uuid.New(), eur(4200))
	s.hear(o.confirmed(noon(1)))
	require.Equal(t, []analytics.DayRevenue{revenueOf(1, 1, 4200, 0, 0)}, s.revenue())
}
