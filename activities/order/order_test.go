package order_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/order"
	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sql/orderdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func newService(t *testing.T) (*order.Service, *pgxpool.Pool) {
	pool := pgtest.New(t, orderdb.Migrations())
	return order.New(pool, order.NewNews()), pool
}

func eur(amount int64) money.Money { return money.New(amount, "EUR") }

func wish(user uuid.UUID, key string) order.PlaceOrderInput {
	line := order.PricedLine{VariantID: id.New(), ProductID: id.New(), SKU: "MUG-RED", Name: "Mug, red", Quantity: 2, UnitPrice: eur(1899), Total: eur(3798)}
	return order.PlaceOrderInput{
		UserID: user, Operation: "checkout", Key: key, Fingerprint: []byte("request"),
		Priced:        order.Priced{Lines: []order.PricedLine{line}, Subtotal: eur(3798), Discount: eur(0), Shipping: eur(500), Tax: eur(0), Total: eur(4298)},
		PaymentMethod: "pm_card_visa", Capture: "automatic", ShippingOption: "standard",
		ShippingAddress: order.PostalAddress{Name: "Ada Lovelace", Line1: "Torstraße 1", City: "Berlin", PostalCode: "10119", Country: "DE"},
	}
}

func place(t *testing.T, s *order.Service) order.Order {
	t.Helper()
	placed, err := s.PlaceOrder(t.Context(), wish(id.New(), "key"))
	require.NoError(t, err)
	return placed.Order
}

func confirm(o order.Order) order.ConfirmOrderInput {
	return order.ConfirmOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), PaymentStatus: "captured"}
}

func TestPlacesAnOrderOncePerKey(t *testing.T) {
	s, pool := newService(t)
	user := id.New()

	first, err := s.PlaceOrder(t.Context(), wish(user, "a"))
	require.NoError(t, err)
	require.False(t, first.Replayed)

	again := wish(user, "a")
	again.Priced.Lines[0].VariantID = first.Order.Lines[0].VariantID
	second, err := s.PlaceOrder(t.Context(), again)
	require.NoError(t, err)
	require.True(t, second.Replayed)
	require.Equal(t, first.Order, second.Order, "what was placed is what is read")

	other := wish(user, "a")
	other.Fingerprint = []byte("another request")
	_, err = s.PlaceOrder(t.Context(), other)
	require.ErrorIs(t, err, order.ErrKeyReused)

	elsewhere, err := s.PlaceOrder(t.Context(), wish(id.New(), "a"))
	require.NoError(t, err)
	require.False(t, elsewhere.Replayed, "another customer's key is another key")
	require.Equal(t, 2, count(t, pool, "SELECT count(*) FROM orders"))
	require.Equal(t, 2, count(t, pool, "SELECT count(*) FROM outbox WHERE type = 'order.created'"))
}

func TestOneKeyAHundredTimesAtOnceIsOneOrder(t *testing.T) {
	s, pool := newService(t)
	in := wish(id.New(), "a")
	ids := make([]uuid.UUID, 100)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			for {
				placed, err := s.PlaceOrder(t.Context(), in)
				if fault.Of(err).Code == fault.Unavailable && err != nil {
					continue // the pool is smaller than the crowd
				}
				ids[i] = placed.Order.ID
				return
			}
		})
	}
	all.Wait()
	for _, placed := range ids {
		require.Equal(t, ids[0], placed)
	}
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM orders"))
}

func TestRefusesAnOrderForNothing(t *testing.T) {
	s, pool := newService(t)
	in := wish(id.New(), "a")
	in.Priced.Total = eur(0)
	_, err := s.PlaceOrder(t.Context(), in)
	require.ErrorIs(t, err, order.ErrNothingToPay)
	require.Equal(t, 0, count(t, pool, "SELECT count(*) FROM orders"))
}

func TestMovesOnlyAlongItsLife(t *testing.T) {
	type move func(s *order.Service, o order.Order) (order.State, error)
	ctx := context.Background()
	var (
		await = move(func(s *order.Service, o order.Order) (order.State, error) {
			return s.AwaitPayment(ctx, order.AwaitPaymentInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), ActionURL: "https://bank.example"})
		})
		confirmed = move(func(s *order.Service, o order.Order) (order.State, error) { return s.ConfirmOrder(ctx, confirm(o)) })
		reject    = move(func(s *order.Service, o order.Order) (order.State, error) {
			return s.RejectOrder(ctx, order.RejectOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, Code: fault.Declined, Reason: "out_of_stock", Message: "Gone.", Details: map[string]any{"lines": []any{}}})
		})
		cancel = move(func(s *order.Service, o order.Order) (order.State, error) {
			return s.CancelOrder(ctx, order.CancelOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentStatus: "refunded"})
		})
	)
	for _, tc := range []struct {
		name  string
		moves []move
		want  order.Status
		err   error
	}{
		{"pending is confirmed", []move{confirmed}, order.Confirmed, nil},
		{"confirming twice is confirming once", []move{confirmed, confirmed}, order.Confirmed, nil},
		{"awaits the customer, then is confirmed", []move{await, await, confirmed}, order.Confirmed, nil},
		{"awaits the customer, then is rejected", []move{await, reject, reject}, order.Rejected, nil},
		{"a rejected order is never confirmed", []move{reject, confirmed}, order.Rejected, order.ErrOrderClosed},
		{"a confirmed order is never rejected", []move{confirmed, reject}, order.Confirmed, order.ErrIllegalStep},
		{"a confirmed order is cancelled", []move{confirmed, cancel, cancel}, order.Cancelled, nil},
		{"a pending order is not cancelled but rejected", []move{cancel}, order.Pending, order.ErrIllegalStep},
		{"a cancelled order is never confirmed again", []move{confirmed, cancel, confirmed}, order.Cancelled, order.ErrOrderClosed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, pool := newService(t)
			o := place(t, s)
			var err error
			for _, step := range tc.moves {
				_, err = step(s, o)
			}
			require.ErrorIs(t, err, tc.err)
			read, err := s.ReadOrder(ctx, order.ReadOrderInput{OrderID: o.ID})
			require.NoError(t, err)
			require.Equal(t, tc.want, read.Status)
			requireHistory(t, pool, read)
		})
	}
}

// requireHistory rebuilds the row from its events, and finds an outbox row for each.
func requireHistory(t *testing.T, pool *pgxpool.Pool, o order.Order) {
	t.Helper()
	var merged, row map[string]any
	rows, err := pool.Query(t.Context(), "SELECT data FROM order_events WHERE order_id = $1 ORDER BY version", o.ID)
	require.NoError(t, err)
	events, err := pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
	require.NoError(t, err)
	require.Len(t, events, int(o.Version))
	for _, data := range events {
		require.NoError(t, json.Unmarshal(data, &merged))
	}
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT to_jsonb(orders) FROM orders WHERE id = $1", o.ID).Scan(&row))
	for name, value := range merged {
		if name == "lines" || name == "about" || name == "confirmed_at" || name == "closed_at" || name == "cancel_requested_at" {
			continue // kept in another table, or written in another notation of the same time
		}
		require.Equal(t, row[name], value, name)
	}
	require.Equal(t, int(o.Version), count(t, pool, fmt.Sprintf(
		"SELECT count(*) FROM order_events e JOIN outbox o ON o.subject = e.order_id::text AND o.sequence = e.version AND o.type = e.type AND (o.event->>'sequence')::bigint = e.version WHERE e.order_id = '%s'", o.ID)))
}

func TestRemembersWhyItWasRejected(t *testing.T) {
	s, _ := newService(t)
	user := id.New()
	placed, err := s.PlaceOrder(t.Context(), wish(user, "a"))
	require.NoError(t, err)
	why := fault.New(fault.PaymentDeclined, "card_declined", "The payment was declined.").With("decline_code", "insufficient_funds")
	_, err = s.RejectOrder(t.Context(), order.RejectOrderInput{OrderID: placed.Order.ID, UserID: user, Total: placed.Order.Total, Code: why.Code, Reason: why.Reason, Message: why.Message, Details: why.Details})
	require.NoError(t, err)

	again, err := s.PlaceOrder(t.Context(), wish(user, "a"))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, why, order.RejectionOf(again.Order))
}

func TestCancellationIsRequestedOnce(t *testing.T) {
	s, pool := newService(t)
	o := place(t, s)
	stranger := id.New()
	_, err := s.RequestCancel(t.Context(), order.RequestCancelInput{OrderID: o.ID, UserID: &stranger, Actor: stranger.String()})
	require.ErrorIs(t, err, order.ErrOrderNotFound)

	for range 3 {
		asked, err := s.RequestCancel(t.Context(), order.RequestCancelInput{OrderID: o.ID, UserID: &o.UserID, Actor: o.UserID.String(), Reason: "ordered twice"})
		require.NoError(t, err)
		require.NotNil(t, asked.CancelRequested)
	}
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM order_events WHERE type = 'order.cancel_requested'"))
	require.Zero(t, count(t, pool, "SELECT count(*) FROM outbox WHERE event::text LIKE '%ordered twice%'"), "a customer's own words are told to nobody")

	unsettled, err := s.ListUnsettledOrders(t.Context(), order.ListUnsettledInput{Before: o.CreatedAt.AddDate(0, 0, 1), Limit: 10})
	require.NoError(t, err)
	require.Len(t, unsettled.Cancels, 1)
	require.Equal(t, order.PurchaseOf(o), unsettled.Cancels[0], "Reconcile starts the saga with what the first start had")
}

func TestFindsWhatWasClosed(t *testing.T) {
	s, _ := newService(t)
	place(t, s)
	var shut []uuid.UUID
	for range 3 {
		o := place(t, s)
		_, err := s.RejectOrder(t.Context(), order.RejectOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, Code: fault.Declined, Reason: "out_of_stock"})
		require.NoError(t, err)
		shut = append(shut, o.ID)
	}
	in := order.ListClosedInput{Since: time.Now().Add(-time.Hour), Before: time.Now().Add(time.Hour), Limit: 2}
	first, err := s.ListClosedOrders(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, shut[:2], first.Orders)

	in.Since = first.Until
	rest, err := s.ListClosedOrders(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, shut[1:], rest.Orders, "what was closed at the same moment is not passed over")

	in.Before = first.Until
	none, err := s.ListClosedOrders(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, none.Orders)
}

func TestKeepsTheNewestNameOfACustomer(t *testing.T) {
	s, pool := newService(t)
	o := place(t, s)
	for _, told := range []struct {
		name    string
		version int64
	}{{"Ada", 1}, {"Ada Lovelace", 3}, {"Ada King", 2}} {
		event := events.New("user", events.UserUpdated, o.UserID, told.version, o.CreatedAt, events.User{UserID: o.UserID, Name: told.name})
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return order.RememberCustomer(t.Context(), tx, event) }))
	}
	read, err := s.ReadOrder(t.Context(), order.ReadOrderInput{OrderID: o.ID})
	require.NoError(t, err)
	require.Equal(t, "Ada Lovelace", read.CustomerName)
}

func TestHistoryCannotBeRewritten(t *testing.T) {
	s, pool := newService(t)
	place(t, s)
	_, err := pool.Exec(t.Context(), "UPDATE order_events SET type = 'order.confirmed'")
	require.ErrorContains(t, err, "append only")
}

func count(t *testing.T, pool *pgxpool.Pool, query string) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(t.Context(), query).Scan(&n))
	return n
}
