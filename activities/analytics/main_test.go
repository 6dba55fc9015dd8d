package analytics_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/sql/analyticsdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is a service that is told things.
type shop struct {
	*analytics.Service
	t    testing.TB
	pool *pgxpool.Pool
}

// today is the day on which the test began.
var today time.Time

func open(t testing.TB) shop {
	today = time.Now().UTC().Truncate(24 * time.Hour)
	pool := pgtest.New(t, analyticsdb.Migrations())
	return shop{Service: analytics.New(pool), t: t, pool: pool}
}

// noon is the middle of a day, so many days ago.
func noon(daysAgo int) time.Time {
	return today.Add(12*time.Hour).AddDate(0, 0, -daysAgo)
}

func eur(amount int64) money.Money { return money.New(amount, "EUR") }

// of is a line of so many pieces at €10 each.
func of(product uuid.UUID, quantity int64) events.OrderLine {
	price, total := eur(1000), eur(1000*quantity)
	return events.OrderLine{VariantID: product, ProductID: &product, Quantity: quantity, UnitPrice: &price, Total: &total}
}

// order is a customer's order, and how its events are made.
type order struct {
	events.Order
	sequence int64
}

func ordered(user uuid.UUID, total money.Money, lines ...events.OrderLine) *order {
	return &order{Order: events.Order{OrderID: id.New(), UserID: user, Total: total, Lines: lines}}
}

func (o *order) event(typ string, at time.Time, data events.Order) cloudevent.Event {
	o.sequence++
	return events.New("order", typ, o.OrderID, o.sequence, at, data)
}

func (o *order) placed(at time.Time) cloudevent.Event {
	return o.event(events.OrderCreated, at, events.Order{OrderID: o.OrderID, UserID: o.UserID, Total: o.Total})
}

func (o *order) confirmed(at time.Time) cloudevent.Event {
	return o.event(events.OrderConfirmed, at, o.Order)
}

func (o *order) cancelled(at time.Time) cloudevent.Event {
	return o.event(events.OrderCancelled, at, events.Order{OrderID: o.OrderID, UserID: o.UserID, Total: o.Total})
}

func (o *order) refunded(at time.Time, amount money.Money) cloudevent.Event {
	refund := id.New()
	return o.event(events.OrderRefunded, at, events.Order{OrderID: o.OrderID, UserID: o.UserID, Total: o.Total, RefundID: &refund, Amount: &amount})
}

// hear applies events one after the other.
func (s shop) hear(all ...cloudevent.Event) {
	s.t.Helper()
	for _, event := range all {
		require.NoError(s.t, pg.InTx(s.t.Context(), s.pool, func(tx pgx.Tx) error {
			if event.Source == "/kassa/product" {
				return analytics.HearProduct(s.t.Context(), tx, event)
			}
			return analytics.HearOrders(s.t.Context(), tx, []cloudevent.Event{event})
		}))
	}
}

// bought tells of an order that was placed and confirmed an hour ago.
func (s shop) bought(user uuid.UUID, products ...uuid.UUID) {
	s.t.Helper()
	lines := make([]events.OrderLine, len(products))
	for i, product := range products {
		lines[i] = of(product, 1)
	}
	o := ordered(user, eur(1000*int64(len(lines))), lines...)
	at := time.Now().Add(-time.Hour)
	s.hear(o.placed(at), o.confirmed(at))
}

// did tells what a visitor did just now.
func (s shop) did(user, anonymous uuid.UUID, at time.Time, kinds ...string) {
	s.t.Helper()
	in := analytics.RecordEventsInput{UserID: user, AnonymousID: anonymous}
	for _, kind := range kinds {
		in.Events = append(in.Events, analytics.BehaviourEvent{ID: id.New(), Type: kind, OccurredAt: at})
	}
	recorded, err := s.RecordEvents(s.t.Context(), in)
	require.NoError(s.t, err)
	require.Equal(s.t, int64(len(kinds)), recorded.Recorded)
}

func (s shop) revenue() []analytics.DayRevenue {
	s.t.Helper()
	revenue, err := s.ReadRevenue(s.t.Context(), analytics.ReadRevenueInput{})
	require.NoError(s.t, err)
	return revenue.Days
}

// funnel is the visitors of each step.
func (s shop) funnel() (visitors [4]int64) {
	s.t.Helper()
	funnel, err := s.ReadFunnel(s.t.Context(), analytics.Period{})
	require.NoError(s.t, err)
	for i, step := range funnel.Steps {
		visitors[i] = step.Visitors
	}
	return visitors
}
