package paymentapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86/webhook"
	"go.uber.org/zap"

	"kassa/activities/payment"
	"kassa/api/paymentapi"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sandbox/psp/provider"
	"kassa/sql/paymentdb"
	"kassa/sql/pspdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	apiKey        = "sk_test_paymentapi"
	webhookSecret = "whsec_paymentapi"
)

// counter is the service behind a real HTTP server.
type counter struct {
	*payment.Service
	t      *testing.T
	pool   *pgxpool.Pool
	url    string
	owner  uuid.UUID
	tokens map[string]string // owner, stranger, support, admin
}

func open(t *testing.T) *counter {
	t.Helper()
	psp := provider.New(pgtest.New(t, pspdb.Migrations()), provider.Config{APIKey: apiKey, WebhookSecrets: []string{webhookSecret}, Log: zap.NewNop()})
	bank := httptest.NewServer(psp.Handler())
	t.Cleanup(bank.Close)
	issuer := identitytest.New(t)
	c := &counter{t: t, pool: pgtest.New(t, paymentdb.Migrations()), owner: id.New()}
	c.Service = payment.New(c.pool, payment.NewStripe(payment.StripeOptions{URL: bank.URL, Key: apiKey, ReturnURL: "https://shop.example/paid"}),
		payment.Options{WebhookSecrets: []string{webhookSecret}})
	api := httpapi.New(httpapi.Options{Service: "payment", Verifier: issuer.Verifier(), Pool: c.pool})
	paymentapi.Register(api, c.Service)
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	c.url = server.URL
	c.tokens = map[string]string{
		"owner": issuer.Token(c.owner, identity.Customer), "stranger": issuer.Token(uuid.New(), identity.Customer),
		"support": issuer.Token(uuid.New(), identity.Support), "admin": issuer.Token(uuid.New(), identity.Admin),
	}
	return c
}

// pay makes a payment of the owner.
func (c *counter) pay(capture payment.CaptureMode) payment.Payment {
	c.t.Helper()
	paid, err := c.AuthorizePayment(c.t.Context(), payment.AuthorizePaymentInput{
		OrderID: id.New(), UserID: c.owner, Amount: money.New(4298, "EUR"), PaymentMethod: "pm_card_visa", Capture: capture,
	})
	require.NoError(c.t, err)
	return paid
}

// answer is a response with its body read as JSON.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as who ("" is nobody); headers come in pairs.
func (c *counter) call(who, method, path, body string, headers ...string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+c.tokens[who])
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	require.NoError(c.t, json.Unmarshal(raw, &a.body), a.raw)
	return a
}

func (c *counter) refused(a answer, status int, code string) {
	c.t.Helper()
	require.Equal(c.t, status, a.status, a.raw)
	require.Equal(c.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(c.t, code, a.body["code"], a.raw)
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "payment", Prefix: "/api"})
	paymentapi.Register(api, nil)
	require.Len(t, api.OpenAPI().Paths, 8)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op != nil {
				require.NotNil(t, op.Responses["200"].Content["application/json"].Example, "answer of %s %s", op.OperationID, path)
			}
		}
	}
}

func TestWhoMaySeeWhat(t *testing.T) {
	c := open(t)
	paid := c.pay(payment.CaptureAutomatic)
	one := "/v1/payments/" + paid.ID.String()
	for _, each := range []struct {
		method, path, body                      string
		nobody, owner, stranger, support, admin int
	}{
		{"GET", one, "", 401, 200, 404, 200, 200},
		{"GET", one + "/transactions", "", 401, 200, 404, 200, 200},
		{"GET", "/v1/payments", "", 401, 403, 403, 200, 200},
		{"POST", one + "/capture", "{}", 401, 403, 403, 200, 200},
		{"POST", one + "/mark-received", `{"amount":{"amount":4298,"currency":"EUR"}}`, 401, 403, 403, 403, 409},
		{"POST", "/v1/payments", `{"order_id":"` + paid.OrderID.String() + `","payment_method":"pm_card_visa"}`, 401, 409, 404, 404, 404},
		{"GET", "/v1/ledger/accounts", "", 401, 403, 403, 403, 200},
		{"GET", "/v1/ledger/entries", "", 401, 403, 403, 403, 200},
	} {
		for who, status := range map[string]int{"": each.nobody, "owner": each.owner, "stranger": each.stranger, "support": each.support, "admin": each.admin} {
			got := c.call(who, each.method, each.path, each.body, "Idempotency-Key", "who-"+who)
			require.Equal(t, status, got.status, "%s as %q: %s", each.path, who, got.raw)
		}
	}
	c.refused(c.call("stranger", "GET", one, ""), 404, "payment_not_found")
	c.refused(c.call("owner", "GET", "/v1/payments/"+id.New().String(), ""), 404, "payment_not_found")
	c.refused(c.call("owner", "GET", "/v1/payments/1", ""), 422, "validation_failed")
}

func TestReadPaymentShowsWhatWasPaid(t *testing.T) {
	c := open(t)
	paid := c.pay(payment.CaptureAutomatic)
	got := c.call("owner", "GET", "/v1/payments/"+paid.ID.String(), "")
	require.Equal(t, 200, got.status, got.raw)
	require.Equal(t, `"2"`, got.header.Get("ETag"))
	require.Equal(t, map[string]any{"amount": 4298.0, "currency": "EUR"}, got.body["captured"])
	require.Equal(t, "captured", got.body["status"])
	require.NotContains(t, got.body, "action_url")

	history := c.call("owner", "GET", "/v1/payments/"+paid.ID.String()+"/transactions", "")
	steps := history.body["data"].([]any)
	require.Len(t, steps, 1)
	require.Equal(t, "captured", steps[0].(map[string]any)["kind"])
}

func TestCapturePaymentOverHTTP(t *testing.T) {
	c := open(t)
	held := c.pay(payment.CaptureManual)
	path := "/v1/payments/" + held.ID.String() + "/capture"
	part := `{"amount":{"amount":1000,"currency":"EUR"}}`
	c.refused(c.call("support", "POST", path, part), 400, "idempotency_key_required")
	for body, code := range map[string]string{
		`{"amount":{"amount":0,"currency":"EUR"}}`:    "422 payment_invalid",
		`{"amount":{"amount":-1,"currency":"EUR"}}`:   "422 payment_invalid",
		`{"amount":{"amount":4299,"currency":"EUR"}}`: "409 capture_exceeds_authorized",
		`{"amount":{"amount":1,"currency":"USD"}}`:    "422 payment_invalid",
		`{"amount":{"amount":1.5,"currency":"EUR"}}`:  "422 validation_failed",
		`{"amount":{"amount":1e30,"currency":"EUR"}}`: "422 validation_failed",
		`{"amount":{"amount":1}}`:                     "422 validation_failed",
		`{"Amount":{"amount":1,"currency":"EUR"}}`:    "422 validation_failed",
		`{"sum":1}`: "422 validation_failed",
		`{"amount":{"amount":1,"currency":"EUR"},"amount":{"amount":2,"currency":"EUR"}}`: "400 malformed_body",
	} {
		got := c.call("support", "POST", path, body, "Idempotency-Key", "bad "+uuid.NewString())
		require.Equal(t, code, fmt.Sprintf("%d %v", got.status, got.body["code"]), body)
	}
	first := c.call("support", "POST", path, part, "Idempotency-Key", "k-1")
	require.Equal(t, 200, first.status, first.raw)
	require.Equal(t, map[string]any{"amount": 1000.0, "currency": "EUR"}, first.body["captured"])
	again := c.call("support", "POST", path, part, "Idempotency-Key", "k-1")
	require.Equal(t, first.raw, again.raw)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	c.refused(c.call("support", "POST", path, `{"amount":{"amount":1001,"currency":"EUR"}}`, "Idempotency-Key", "k-2"), 409, "capture_exceeds_authorized")
}

func TestListsLeafThroughEverything(t *testing.T) {
	c := open(t)
	var made []string
	for range 5 {
		made = append([]string{c.pay(payment.CaptureAutomatic).ID.String()}, made...)
	}
	_, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: id.New()})
	require.NoError(t, err) // its tombstone is no payment
	require.Equal(t, made, c.leaf("support", "/v1/payments?limit=2", "id"))

	sealed, err := c.SealLedger(t.Context(), payment.SealLedgerInput{})
	require.NoError(t, err)
	require.Equal(t, 5, sealed.Entries)
	require.Equal(t, made, c.leaf("admin", "/v1/ledger/entries?limit=2", "payment_id"))
	require.Equal(t, made[1:2], c.leaf("admin", "/v1/ledger/entries?payment_id="+made[1], "payment_id"))

	read := c.call("support", "GET", "/v1/payments?limit=2", "")
	cursor := read.body["next_cursor"].(string)
	for _, path := range []string{"/v1/ledger/entries?cursor=" + cursor, "/v1/ledger/entries?cursor=" + cursor + "x", "/v1/ledger/entries?cursor=..."} {
		c.refused(c.call("admin", "GET", path, ""), 422, "invalid_cursor")
	}
	c.refused(c.call("support", "GET", "/v1/payments?customer=1", ""), 422, "validation_failed")
	c.refused(c.call("support", "GET", "/v1/payments?order_id=1", ""), 422, "validation_failed")

	accounts := c.call("admin", "GET", "/v1/ledger/accounts", "")
	require.Equal(t, 200, accounts.status, accounts.raw)
	require.Contains(t, accounts.raw, `"balance":{"amount":21490,"currency":"EUR"}`)
	require.Contains(t, accounts.raw, `"balance":{"amount":-21490,"currency":"EUR"}`)
}

// leaf reads a list page by page and answers one member of each item.
func (c *counter) leaf(who, path, member string) []string {
	c.t.Helper()
	var all []string
	for next := path; next != ""; {
		page := c.call(who, "GET", next, "")
		require.Equal(c.t, 200, page.status, page.raw)
		for _, item := range page.body["data"].([]any) {
			all = append(all, item.(map[string]any)[member].(string))
		}
		cursor, more := page.body["next_cursor"].(string)
		if next = ""; more {
			next = path + "&cursor=" + cursor
			require.Contains(c.t, page.header.Get("Link"), "/api/v1/")
		}
	}
	return all
}

func TestTheWebhookEndpointTakesWhatStripeSignedOnly(t *testing.T) {
	c := open(t)
	payload := `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"payment_intent"}}}`
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: webhookSecret, Timestamp: time.Now()})
	stored := func() (n int) {
		require.NoError(t, c.pool.QueryRow(t.Context(), "SELECT count(*) FROM webhooks").Scan(&n))
		return n
	}
	forged := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: "whsec_other", Timestamp: time.Now()})
	c.refused(c.call("", "POST", "/v1/webhooks/stripe", payload, "Stripe-Signature", forged.Header), 400, "webhook_signature_invalid")
	c.refused(c.call("", "POST", "/v1/webhooks/stripe", payload), 400, "webhook_signature_invalid")
	c.refused(c.call("", "POST", "/v1/webhooks/stripe", payload+" ", "Stripe-Signature", signed.Header), 400, "webhook_signature_invalid")
	require.Zero(t, stored())
	for range 2 {
		got := c.call("", "POST", "/v1/webhooks/stripe", payload, "Stripe-Signature", signed.Header, "Content-Type", "application/json; charset=utf-8")
		require.Equal(t, 200, got.status, got.raw)
		require.Equal(t, "evt_1", got.body["id"])
	}
	require.Equal(t, 1, stored())
}
