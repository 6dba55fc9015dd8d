package payment_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/pgtest"
	"kassa/sql/paymentdb"
)

// quick is a payment service whose provider says yes at once, and which counts
// how often it wrote to the database.
type quick struct {
	*payment.Service
	pool   *pgxpool.Pool
	writes atomic.Int64
	asked  atomic.Int64
}

func openQuick(t testing.TB) *quick {
	q := &quick{}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":"pi_%d","object":"payment_intent","amount":%s,"amount_capturable":0,"amount_received":%[2]s,"currency":"eur",
			"capture_method":"automatic","status":"succeeded","latest_charge":"ch_1","payment_method":"pm_1","payment_method_types":["card"],
			"client_secret":"pi_1_secret_2","created":1760000000,"livemode":false,"metadata":{"order_id":%q,"payment_id":%q}}`,
			q.asked.Add(1), r.PostForm.Get("amount"), r.PostForm.Get("metadata[order_id]"), r.PostForm.Get("metadata[payment_id]"))
	}))
	t.Cleanup(provider.Close)
	cfg, err := pgxpool.ParseConfig(pgtest.URL(t, paymentdb.Migrations()))
	require.NoError(t, err)
	cfg.MaxConns = 8
	cfg.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &counted{Conn: conn, writes: &q.writes}, err
	}
	q.pool, err = pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(q.pool.Close)
	q.Service = payment.New(q.pool, payment.NewStripe(payment.StripeOptions{URL: provider.URL, Key: apiKey, ReturnURL: "https://shop.example/paid"}), payment.Options{})
	return q
}

// counted counts what is sent: one write is one round trip, for pgx sends what
// belongs together at once.
type counted struct {
	net.Conn
	writes *atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// TestAuthorizePaymentTakesTwoRoundTrips guards the checkout's budget: two
// transactions, each in one round trip, and one request to the provider.
func TestAuthorizePaymentTakesTwoRoundTrips(t *testing.T) {
	q := openQuick(t)
	pay := func() {
		_, err := q.AuthorizePayment(t.Context(), order(visa))
		require.NoError(t, err)
	}
	for range 3 {
		pay() // statements are prepared at first use
	}
	writes, asked := q.writes.Load(), q.asked.Load()
	pay()
	require.Equal(t, int64(2), q.writes.Load()-writes, "round trips to the database")
	require.Equal(t, int64(1), q.asked.Load()-asked, "requests to the provider")
}

func BenchmarkAuthorizePayment(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			q := openQuick(b)
			_, err := q.AuthorizePayment(b.Context(), order(visa))
			require.NoError(b, err)
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.ResetTimer()
			if callers == 1 {
				for b.Loop() {
					_, err := q.AuthorizePayment(b.Context(), order(visa))
					require.NoError(b, err)
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := q.AuthorizePayment(b.Context(), order(visa)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkSealLedger(b *testing.B) {
	q := openQuick(b)
	for b.Loop() {
		b.StopTimer()
		for range 500 {
			_, err := q.AuthorizePayment(b.Context(), order(visa))
			require.NoError(b, err)
		}
		b.StartTimer()
		sealed, err := q.SealLedger(b.Context(), payment.SealLedgerInput{})
		require.NoError(b, err)
		require.Equal(b, 500, sealed.Entries)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*500), "µs/entry")
}
