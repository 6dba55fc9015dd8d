package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
	"github.com/stripe/stripe-go/v86/webhook"
	"go.uber.org/zap"

	"kassa/internal/pgtest"
	"kassa/sql/pspdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	testKey    = "sk_test_sandbox"
	testSecret = "whsec_sandbox"
)

// sandbox is a provider with the two who know it: a client of Stripe, and a webhook endpoint.
type sandbox struct {
	*Server
	t      *testing.T
	url    string
	stripe *stripe.Client

	mu       sync.Mutex
	received []stripe.Event
	refuse   int // deliveries that the endpoint still answers with 500
}

func start(t *testing.T) *sandbox {
	b := &sandbox{t: t}
	endpoint := httptest.NewServer(http.HandlerFunc(b.hear))
	t.Cleanup(endpoint.Close)
	server := httptest.NewUnstartedServer(nil)
	b.url = "http://" + server.Listener.Addr().String()
	b.Server = New(pgtest.New(t, pspdb.Migrations()), Config{
		APIKey: testKey, WebhookURL: endpoint.URL, WebhookSecrets: []string{"whsec_older", testSecret},
		PublicURL: b.url, Log: zap.NewNop(),
	})
	server.Config.Handler = b.Handler()
	server.Start()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = b.Run(ctx) }()
	t.Cleanup(func() {
		_ = b.Release(ctx)
		server.Close()
		cancel()
		<-stopped
	})
	b.stripe = stripe.NewClient(testKey, stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: stripe.String(b.url), MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{}, HTTPClient: &http.Client{Transport: &http.Transport{}},
	})))
	return b
}

// hear is the webhook endpoint: it checks the signature as the payment service does.
func (b *sandbox) hear(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), testSecret)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		b.t.Errorf("event refused: %v", err)
		w.WriteHeader(http.StatusBadRequest)
	case b.refuse > 0:
		b.refuse--
		w.WriteHeader(http.StatusInternalServerError)
	default:
		b.received = append(b.received, event)
	}
}

// heard is the types of the events that reached the endpoint.
func (b *sandbox) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	types := []string{}
	for _, event := range b.received {
		types = append(types, string(event.Type))
	}
	return types
}

// hears waits until exactly these events have come, in any order.
func (b *sandbox) hears(types ...string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return len(b.heard()) >= len(types) }, 30*time.Second, 10*time.Millisecond)
	require.ElementsMatch(b.t, types, b.heard())
}

// order is the parameters of a payment for an order, confirmed at once.
func order(id, method string) *stripe.PaymentIntentCreateParams {
	params := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(1999), Currency: stripe.String("eur"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String(method), ReturnURL: stripe.String("https://shop.example/back"),
		CaptureMethod: stripe.String("automatic"),
	}
	params.AddMetadata("order_id", id)
	return params
}

// manual leaves the capture for later.
func manual(params *stripe.PaymentIntentCreateParams) *stripe.PaymentIntentCreateParams {
	params.CaptureMethod = stripe.String("manual")
	return params
}

// faulty asks for faults.
func faulty(params *stripe.PaymentIntentCreateParams, faults string) *stripe.PaymentIntentCreateParams {
	params.AddMetadata("kassa_fault", faults)
	return params
}

// keyed sets the idempotency key.
func keyed(params *stripe.PaymentIntentCreateParams, key string) *stripe.PaymentIntentCreateParams {
	params.SetIdempotencyKey(key)
	return params
}

func (b *sandbox) create(params *stripe.PaymentIntentCreateParams) (*stripe.PaymentIntent, error) {
	return b.stripe.V1PaymentIntents.Create(b.t.Context(), params)
}

func (b *sandbox) created(params *stripe.PaymentIntentCreateParams) *stripe.PaymentIntent {
	b.t.Helper()
	intent, err := b.create(params)
	require.NoError(b.t, err)
	return intent
}

func (b *sandbox) retrieve(id string) *stripe.PaymentIntent {
	b.t.Helper()
	intent, err := b.stripe.V1PaymentIntents.Retrieve(b.t.Context(), id, nil)
	require.NoError(b.t, err)
	return intent
}

// refusedAs is the error in Stripe's shape.
func refusedAs(t *testing.T, err error) *stripe.Error {
	t.Helper()
	var refused *stripe.Error
	require.ErrorAs(t, err, &refused)
	return refused
}

// sandboxed asks the sandbox's own interface.
func (b *sandbox) sandboxed(method, path, body string, into any) int {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewBufferString(body))
	require.NoError(b.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	if into != nil {
		require.NoError(b.t, json.NewDecoder(response.Body).Decode(into))
	}
	return response.StatusCode
}

// of is what the sandbox has for an order.
func (b *sandbox) of(order string) []IntentView {
	b.t.Helper()
	var found struct{ Intents []IntentView }
	require.Equal(b.t, http.StatusOK, b.sandboxed("GET", "/_sandbox/intents?order_id="+order, "", &found))
	return found.Intents
}

// movements are the entries of a payment, as kind debit>credit amount.
func movements(view IntentView) []string {
	moved := []string{}
	for _, e := range view.Ledger {
		moved = append(moved, e.Kind+" "+e.Debit+">"+e.Credit+" "+strconv.FormatInt(e.Amount, 10))
	}
	return moved
}

// within bounds a call that may never be answered.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
