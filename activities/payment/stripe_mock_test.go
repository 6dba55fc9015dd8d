package payment

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"

	"kassa/internal/id"
	"kassa/sql/paymentdb"
)

// TestStripeTakesEveryRequestOfOurs sends all of them to stripe-mock, which
// checks paths, parameters and types against Stripe's own API description. Its
// answers are canned, so what comes back is not looked at, but for whether it
// was taken.
func TestStripeTakesEveryRequestOfOurs(t *testing.T) {
	if testing.Short() {
		t.Skip("reads Stripe's whole API description")
	}
	mock := newStripeMock(t)
	s := NewStripe(StripeOptions{URL: mock.URL, Key: "sk_test_123", ReturnURL: "https://shop.example/paid"})
	user := id.New()
	row := paymentdb.Payment{ID: id.New(), OrderID: id.New(), UserID: &user, Amount: 1999, Currency: "EUR", Capture: "automatic", ProviderPaymentID: "pi_1"}
	attempt := paymentdb.Attempt{Key: row.OrderID.String() + ":authorize:1", PaymentMethod: "pm_card_visa", Faults: "drop_reply"}
	manual := row
	manual.Capture = "manual"

	take := paymentdb.Attempt{Key: "k1", Amount: 1999, Final: true}
	part := paymentdb.Attempt{Key: "k1", Amount: 999, RequestID: &user}

	ctx := t.Context()
	for name, request := range map[string]func() error{
		"authorize":        func() error { _, err := s.authorize(ctx, row, attempt); return err },
		"authorize manual": func() error { _, err := s.authorize(ctx, manual, attempt); return err },
		"fence":            func() error { return s.spend(ctx, row, attempt.Key) },
		"capture":          func() error { _, err := s.capture(ctx, row, take); return err },
		"capture a part":   func() error { _, err := s.capture(ctx, row, part); return err },
		"release":          func() error { _, err := s.release(ctx, row, "k4"); return err },
		"cancel":           func() error { _, err := s.cancel(ctx, "pi_1", "k2"); return err },
		"refund":           func() error { _, err := s.refund(ctx, "pi_1", "EUR", 1999, "k3", &user); return err },
		"refund a stray":   func() error { _, err := s.refund(ctx, "pi_1", "EUR", 1999, "k5", nil); return err },
		"list refunds":     func() error { _, err := s.refunds(ctx, "pi_1"); return err },
		"retrieve":         func() error { _, err := s.retrieve(ctx, "pi_1"); return err },
		"search":           func() error { _, err := s.search(ctx, row.OrderID); return err },
		"scan":             func() error { _, err := s.scan(ctx, row.OrderID, time.Now(), time.Now()); return err },
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, request()) })
	}
	require.Equal(t, []string{
		"GET /v1/payment_intents", "GET /v1/payment_intents/search", "GET /v1/payment_intents/{id}", "GET /v1/refunds",
		"POST /v1/payment_intents", "POST /v1/payment_intents/{id}/cancel", "POST /v1/payment_intents/{id}/capture", "POST /v1/refunds",
	}, slices.Sorted(maps.Keys(mock.asked)), "the requests we make")
	for _, header := range mock.headers {
		require.Equal(t, "Bearer sk_test_123", header.Get("Authorization"))
		require.Equal(t, header.Get("X-Method") == http.MethodPost, header.Get("Idempotency-Key") != "", "a key on what changes something")
		require.Empty(t, header.Get("X-Stripe-Client-Telemetry"))
	}
}

// intentID is an intent in a path.
var intentID = regexp.MustCompile(`pi_[^/]+`)

// stripeMock is stripe-mock in this process, and a note of what it was asked.
type stripeMock struct {
	*httptest.Server
	mu      sync.Mutex
	headers []http.Header
	asked   map[string]bool // method and path of every request
}

func newStripeMock(t *testing.T) *stripeMock {
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	require.NoError(t, err)
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	require.NoError(t, err)
	stub, err := server.NewStubServer(fixtures, spec, false, false)
	require.NoError(t, err)
	mock := &stripeMock{asked: map[string]bool{}}
	mock.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mock.mu.Lock()
		header := r.Header.Clone()
		header.Set("X-Method", r.Method)
		mock.headers = append(mock.headers, header)
		mock.asked[r.Method+" "+intentID.ReplaceAllString(r.URL.Path, "{id}")] = true
		mock.mu.Unlock()
		stub.HandleRequest(w, r)
	}))
	t.Cleanup(mock.Close)
	return mock
}
