package payment_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
)

// pause does something once, just before a query begins. What the query's
// caller has read until then is old when it goes on.
type pause struct {
	pgx.QueryTracer

	query string // its name
	once  sync.Once
	do    func()
}

// TraceQueryStart is called before each query.
func (p *pause) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.Contains(data.SQL, "-- name: "+p.query+" ") {
		p.once.Do(p.do)
	}
	return p.QueryTracer.TraceQueryStart(ctx, conn, data)
}

// second is another service on the till's database, which does something once
// before one of its queries.
func (c *till) second(query string, do func()) *till {
	c.t.Helper()
	config := c.pool.Config()
	config.ConnConfig.Tracer = &pause{QueryTracer: config.ConnConfig.Tracer, query: query, do: do}
	pool, err := pgxpool.NewWithConfig(c.t.Context(), config)
	require.NoError(c.t, err)
	c.t.Cleanup(pool.Close)
	slow := *c
	slow.Service = payment.New(pool, payment.NewStripe(payment.StripeOptions{
		URL: c.url, Key: apiKey, ReturnURL: "https://shop.example/paid", AnswerWithin: c.within,
	}), payment.Options{WebhookSecrets: []string{webhookSecret}, AllowFaults: true})
	return &slow
}

// TestWhatSomebodyElseHasMadeMeanwhileIsNotMadeAgain lets one caller make a
// capture or refund while another, who has seen it requested, is about to: the
// next key would take or give back the amount a second time.
func TestWhatSomebodyElseHasMadeMeanwhileIsNotMadeAgain(t *testing.T) {
	t.Run("refund", func(t *testing.T) {
		c := open(t)
		in := c.paid(visa)
		ask, made := give(in, 500), false
		slow := c.second("TakeAttempt", func() {
			_, err := c.RefundPayment(t.Context(), ask)
			require.NoError(t, err)
			made = true
		})
		_, err := slow.refund(ask)
		require.NoError(t, err)
		require.True(t, made)
		require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 1499}, c.books(in.OrderID))
		c.apply()
		c.agree()
	})
	t.Run("capture", func(t *testing.T) {
		c := open(t)
		in := c.held()
		ask, made := take(in, 500), false
		_, err := c.pool.Exec(t.Context(), `INSERT INTO captures (id, payment_id, amount, final, status)
			SELECT $1, id, 500, false, 'requested' FROM payments WHERE order_id = $2`, ask.CaptureID, in.OrderID) // somebody who died has claimed it
		require.NoError(t, err)
		slow := c.second("TakeAttempt", func() {
			_, err := c.CapturePayment(t.Context(), ask)
			require.NoError(t, err)
			made = true
		})
		_, err = slow.capture(ask)
		require.NoError(t, err)
		require.True(t, made)
		require.Equal(t, books{Charges: 1, Attempts: 1, Held: 1499, Taken: 500}, c.books(in.OrderID))
		c.apply()
		c.agree()
	})
}
