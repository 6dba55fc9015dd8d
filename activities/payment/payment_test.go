package payment_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sandbox/psp/provider"
	"kassa/sql/paymentdb"
	"kassa/sql/pspdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	patience = time.Minute           // for what must happen
	tick     = 10 * time.Millisecond // between looks
)

const (
	apiKey        = "sk_test_payment"
	webhookSecret = "whsec_payment"
)

// till is a payment service beside a provider, each on its own database.
type till struct {
	*payment.Service
	t        testing.TB
	pool     *pgxpool.Pool
	provider *pgxpool.Pool
	url      string
	within   time.Duration // in which the provider must answer
	mu       *sync.Mutex   // of what tests collect together
}

// open starts a till whose provider may take its time.
func open(t testing.TB) *till { return opened(t, 10*time.Second) }

// hasty starts a till whose provider must answer within 400 ms, for a provider
// that does not.
func hasty(t testing.TB) *till { return opened(t, 400*time.Millisecond) }

func opened(t testing.TB, within time.Duration) *till {
	c := &till{t: t, within: within, mu: &sync.Mutex{}, pool: pgtest.New(t, paymentdb.Migrations()), provider: pgtest.New(t, pspdb.Migrations())}
	endpoint := httptest.NewServer(http.HandlerFunc(c.webhook))
	server := httptest.NewUnstartedServer(nil)
	c.url = "http://" + server.Listener.Addr().String()
	psp := provider.New(c.provider, provider.Config{
		APIKey: apiKey, WebhookURL: endpoint.URL, WebhookSecrets: []string{webhookSecret}, PublicURL: c.url, Log: zap.NewNop(),
	})
	server.Config.Handler = psp.Handler()
	c.Service = payment.New(c.pool, payment.NewStripe(payment.StripeOptions{
		URL: c.url, Key: apiKey, ReturnURL: "https://shop.example/paid", AnswerWithin: within,
	}), payment.Options{WebhookSecrets: []string{"whsec_next", webhookSecret}, AllowFaults: true})
	server.Start()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = psp.Run(ctx) }()
	t.Cleanup(func() {
		_ = psp.Release(ctx)
		server.Close()
		cancel()
		<-stopped
		endpoint.Close()
	})
	return c
}

// webhook is the endpoint: it stores what comes.
func (c *till) webhook(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, err := c.AcceptWebhook(r.Context(), payment.AcceptWebhookInput{Payload: body, Signature: r.Header.Get("Stripe-Signature")})
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// faults makes the provider misbehave from now on.
func (c *till) faults(settings provider.FaultSettings) {
	c.t.Helper()
	body, err := json.Marshal(settings)
	require.NoError(c.t, err)
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, c.url+"/_sandbox/faults", strings.NewReader(string(body)))
	require.NoError(c.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	require.NoError(c.t, answer.Body.Close())
	require.Equal(c.t, http.StatusOK, answer.StatusCode)
}

const (
	visa         = "pm_card_visa"
	declined     = "pm_card_visa_chargeDeclined"
	insufficient = "pm_card_visa_chargeDeclinedInsufficientFunds"
	challenged   = "pm_card_threeDSecure2Required"
)

// order is a new order over 19.99 EUR.
func order(method string, options ...func(*payment.AuthorizePaymentInput)) payment.AuthorizePaymentInput {
	in := payment.AuthorizePaymentInput{
		OrderID: id.New(), UserID: id.New(), Amount: money.New(1999, "EUR"), PaymentMethod: method, Capture: payment.CaptureAutomatic,
	}
	for _, option := range options {
		option(&in)
	}
	return in
}

func manual(in *payment.AuthorizePaymentInput) { in.Capture = payment.CaptureManual }

func faulty(faults string) func(*payment.AuthorizePaymentInput) {
	return func(in *payment.AuthorizePaymentInput) { in.Faults = faults }
}

// authorize asks as the saga does: again and again until the answer is definite.
func (c *till) authorize(in payment.AuthorizePaymentInput) (payment.Payment, error) {
	return c.until(in.OrderID, func() (payment.Payment, error) { return c.AuthorizePayment(c.t.Context(), in) })
}

func (c *till) void(orderID uuid.UUID) (payment.Payment, error) {
	return c.until(orderID, func() (payment.Payment, error) {
		return c.VoidPayment(c.t.Context(), payment.VoidPaymentInput{OrderID: orderID})
	})
}

func (c *till) until(orderID uuid.UUID, ask func() (payment.Payment, error)) (payment.Payment, error) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		got, err := ask()
		if err == nil || fault.Of(err).Code != fault.Unavailable {
			return got, err
		}
		require.False(c.t, time.Now().After(deadline), "no definite answer: %v", err)
		c.abandon(orderID)
	}
}

// patiently asks until the answer is definite, and leaves living senders alone.
func (c *till) patiently(ask func() error) (err error) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		err = ask()
		return err == nil || fault.Of(err).Code != fault.Unavailable
	}, patience, tick)
	return err
}

// abandon makes the senders for an order look gone: 11 s pass for its attempts.
func (c *till) abandon(orderID uuid.UUID) {
	c.t.Helper()
	_, err := c.pool.Exec(c.t.Context(), `UPDATE attempts SET sent_at = sent_at - interval '11 seconds'
		FROM payments WHERE payments.id = payment_id AND payments.order_id = $1 AND state = 'in_progress'`, orderID)
	require.NoError(c.t, err)
}

// together runs a test for each of names side by side, at this till.
func (c *till) together(group string, names []string, test func(c *till, name string)) {
	t, ok := c.t.(*testing.T)
	require.True(c.t, ok)
	t.Run(group, func(t *testing.T) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := &till{Service: c.Service, t: t, pool: c.pool, provider: c.provider, url: c.url, mu: c.mu}
				test(own, name)
			})
		}
	})
}

// books is what the provider has of an order.
type books struct {
	Charges  int   // that succeeded, however they ended
	Held     int64 // minor units
	Taken    int64 // minor units, less what was given back
	Attempts int   // charges that were tried
}

func (c *till) books(orderID uuid.UUID) books {
	c.t.Helper()
	var b books
	err := c.provider.QueryRow(c.t.Context(), `
		SELECT count(*) FILTER (WHERE charges.status = 'succeeded'),
		       coalesce((SELECT sum(amount_capturable) FROM payment_intents WHERE order_id = $1), 0),
		       coalesce((SELECT sum(amount_received - amount_refunded) FROM payment_intents WHERE order_id = $1), 0),
		       count(*)
		FROM charges
		JOIN payment_intents ON payment_intents.id = charges.intent_id
		WHERE order_id = $1`, orderID.String()).Scan(&b.Charges, &b.Held, &b.Taken, &b.Attempts)
	require.NoError(c.t, err)
	return b
}

// agree checks that the payments, the ledger, the history and the events tell
// the same, and that the provider has what the payments say.
func (c *till) agree() {
	c.t.Helper()
	for _, check := range []struct{ name, query string }{
		{"ledger follows payments", `
			SELECT count(*) FROM payments p
			WHERE (p.captured - p.refunded, p.authorized - p.captured) IS DISTINCT FROM
			      (SELECT (coalesce(sum(l.amount) FILTER (WHERE l.account IN ('provider_clearing', 'bank_account', 'refunds_due')), 0)::bigint,
			               coalesce(sum(l.amount) FILTER (WHERE l.account = 'card_holds'), 0)::bigint)
			       FROM ledger_entries e JOIN ledger_postings l ON l.entry_id = e.id WHERE e.payment_id = p.id)`},
		{"entries balance", `SELECT count(*) FROM (SELECT FROM ledger_postings GROUP BY entry_id, currency HAVING sum(amount) <> 0) AS off`},
		{"a transaction for every version", `
			SELECT count(*) FROM payments p WHERE p.version - 1 <> (SELECT count(*) FROM transactions t WHERE t.payment_id = p.id)`},
		{"an event for every fact", `
			SELECT count(*) FROM transactions t WHERE t.kind <> 'unknown'
			AND NOT EXISTS (SELECT FROM outbox o WHERE o.subject = t.payment_id::text AND o.sequence = t.version)`},
		{"a fact for every event", `
			SELECT count(*) FROM outbox o WHERE NOT EXISTS
			(SELECT FROM transactions t WHERE o.subject = t.payment_id::text AND o.sequence = t.version AND t.kind <> 'unknown')`},
		{"captures add up", `
			SELECT count(*) FROM payments p WHERE p.capture = 'manual' AND p.provider = 'card' AND p.captured <>
			(SELECT coalesce(sum(amount), 0) FROM captures c WHERE c.payment_id = p.id AND c.status = 'succeeded')`},
		{"refunds add up", `
			SELECT count(*) FROM payments p WHERE (p.refunded, p.refund_claimed) IS DISTINCT FROM
			(SELECT (coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'succeeded')), 0)::bigint,
			         coalesce(sum(amount) FILTER (WHERE status IN ('requested', 'pending', 'succeeded')), 0)::bigint) FROM refunds r WHERE r.payment_id = p.id)`},
		{"transfers are what payments say", `
			SELECT count(*) FROM payments p WHERE p.provider = 'bank_transfer' AND (p.captured, p.refunded) IS DISTINCT FROM
			(SELECT (coalesce(sum(amount) FILTER (WHERE kind = 'received'), 0)::bigint, coalesce(sum(amount) FILTER (WHERE kind = 'returned'), 0)::bigint)
			 FROM bank_transfers b WHERE b.intent_id = p.provider_payment_id)`},
		{"open attempts only where something is open", `
			SELECT count(*) FROM payments p JOIN attempts a ON a.payment_id = p.id AND a.state IN ('in_progress', 'unknown')
			WHERE p.status IN ('voided', 'refunded', 'failed')`},
	} {
		var off int
		require.NoError(c.t, c.pool.QueryRow(c.t.Context(), check.query).Scan(&off), check.name)
		require.Zero(c.t, off, check.name)
	}
	rows, err := c.pool.Query(c.t.Context(), `SELECT order_id, authorized - captured, captured - refunded FROM payments WHERE provider = 'card'`)
	require.NoError(c.t, err)
	defer rows.Close()
	for rows.Next() {
		var orderID uuid.UUID
		var held, taken int64
		require.NoError(c.t, rows.Scan(&orderID, &held, &taken))
		theirs := c.books(orderID)
		require.Equal(c.t, [2]int64{held, taken}, [2]int64{theirs.Held, theirs.Taken}, "held and taken for order %s, by us and by the provider", orderID)
	}
	require.NoError(c.t, rows.Err())
}

// apply waits for the provider's webhooks and applies all of them.
func (c *till) apply() {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		_, err := c.ApplyWebhooks(c.t.Context(), payment.ApplyWebhooksInput{})
		require.NoError(c.t, err)
		_, err = c.pool.Exec(c.t.Context(), "UPDATE webhooks SET due_at = now() WHERE applied_at IS NULL")
		require.NoError(c.t, err)
		_, err = c.pool.Exec(c.t.Context(), "UPDATE attempts SET sent_at = sent_at - interval '11 seconds' WHERE state = 'in_progress'")
		require.NoError(c.t, err)
		var undelivered, waiting int
		require.NoError(c.t, c.provider.QueryRow(c.t.Context(), "SELECT count(*) FROM events WHERE due_at IS NOT NULL").Scan(&undelivered))
		require.NoError(c.t, c.pool.QueryRow(c.t.Context(), "SELECT count(*) FROM webhooks WHERE applied_at IS NULL").Scan(&waiting))
		return undelivered+waiting == 0
	}, patience, tick)
}
