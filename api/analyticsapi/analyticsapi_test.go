package analyticsapi_test

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
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/analytics"
	"kassa/api/analyticsapi"
	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/pg"
	"kassa/internal/pgtest"
	"kassa/sql/analyticsdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is the service behind a real HTTP server.
type desk struct {
	t      *testing.T
	url    string
	hear   func(cloudevent.Event)
	issuer *identitytest.Issuer
	users  map[identity.Role]uuid.UUID
}

func open(t *testing.T) *desk {
	t.Helper()
	pool := pgtest.New(t, analyticsdb.Migrations())
	d := &desk{t: t, issuer: identitytest.New(t), users: map[identity.Role]uuid.UUID{
		identity.Customer: id.New(), identity.Support: id.New(), identity.Admin: id.New(),
	}}
	api := httpapi.New(httpapi.Options{Service: "analytics", Verifier: d.issuer.Verifier(), Pool: pool})
	analyticsapi.Register(api, analytics.New(pool))
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	d.url = server.URL
	d.hear = func(event cloudevent.Event) {
		require.NoError(t, pg.InTx(t.Context(), pool, func(tx pgx.Tx) error { return analytics.HearOrders(t.Context(), tx, []cloudevent.Event{event}) }))
	}
	return d
}

// answer is a response with its body read as JSON.
type answer struct {
	status int
	body   map[string]any
	raw    string
}

// data is the rows of a list.
func (a answer) data() []any {
	rows, _ := a.body["data"].([]any)
	return rows
}

// call sends a request as role; "" is nobody.
func (d *desk) call(role identity.Role, method, path, body string) answer {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	require.NoError(d.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+d.issuer.Token(d.users[role], role))
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	a := answer{status: res.StatusCode, raw: string(raw)}
	require.NoError(d.t, json.Unmarshal(raw, &a.body), a.raw)
	return a
}

// soldAt is when: midnight must not part a test's sales.
var soldAt = time.Now()

// sold tells of an order of one piece of each product.
func (d *desk) sold(user uuid.UUID, products ...uuid.UUID) {
	d.t.Helper()
	order := id.New()
	lines := make([]string, len(products))
	for i, product := range products {
		lines[i] = fmt.Sprintf(`{"variant_id":%q,"product_id":%q,"quantity":1,"total":{"amount":1000,"currency":"EUR"}}`, product, product)
	}
	data := fmt.Sprintf(`{"order_id":%q,"user_id":%q,"total":{"amount":%d,"currency":"EUR"},"lines":[%s]}`, order, user, 1000*len(products), strings.Join(lines, ","))
	d.hear(events.New("order", events.OrderConfirmed, order, 2, soldAt, json.RawMessage(data)))
}

func viewed(event uuid.UUID) string {
	return fmt.Sprintf(`{"id":%q,"type":"product_viewed","occurred_at":%q,"product_id":%q}`, event, time.Now().UTC().Format(time.RFC3339), id.New())
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "analytics", Prefix: "/api"})
	analyticsapi.Register(api, nil)
	require.Len(t, api.OpenAPI().Paths, 6)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				require.NotNil(t, op.RequestBody.Content["application/json"].Example, "request of %s %s", op.OperationID, path)
			}
			require.NotNil(t, op.Responses["200"].Content["application/json"].Example, "answer of %s %s", op.OperationID, path)
		}
	}
}

func TestAPageTellsWhatItsVisitorDid(t *testing.T) {
	d := open(t)
	first, second := viewed(id.New()), viewed(id.New())
	anonymous := fmt.Sprintf(`"anonymous_id":%q,`, id.New())
	require.InDelta(t, 1, d.call("", "POST", "/v1/events", "{"+anonymous+`"events":[`+first+`]}`).body["recorded"], 0)
	require.InDelta(t, 1, d.call("", "POST", "/v1/events", "{"+anonymous+`"events":[`+first+","+second+`]}`).body["recorded"], 0)
	require.InDelta(t, 1, d.call(identity.Customer, "POST", "/v1/events", `{"events":[`+viewed(id.New())+`]}`).body["recorded"], 0)

	funnel := d.call(identity.Admin, "GET", "/v1/analytics/funnel", "")
	require.Equal(t, 200, funnel.status, funnel.raw)
	require.Equal(t, map[string]any{"step": "viewed", "visitors": 2.0, "share_basis_points": 10_000.0}, funnel.body["steps"].([]any)[0])

	for body, code := range map[string]string{
		`{"events":[` + first + `]}`:                                                             "422 no_visitor",
		"{" + anonymous + `"events":[]}`:                                                         "422 validation_failed",
		"{" + anonymous + `"events":[{"type":"searched"}]}`:                                      "422 validation_failed",
		strings.Replace("{"+anonymous+`"events":[`+first+`]}`, `"product_viewed"`, `"slept"`, 1): "422 validation_failed",
		"{" + anonymous + `"events":[{"id":"` + id.New().String() + `","type":"searched","occurred_at":"2020-01-01T00:00:00Z"}]}`: "422 bad_events",
	} {
		a := d.call("", "POST", "/v1/events", body)
		require.Equal(t, code, fmt.Sprintf("%d %v", a.status, a.body["code"]), body)
	}
}

func TestReportsAreForAdministrators(t *testing.T) {
	d := open(t)
	for _, path := range []string{"/v1/analytics/revenue", "/v1/analytics/top-products", "/v1/analytics/funnel"} {
		require.Equal(t, 401, d.call("", "GET", path, "").status, path)
		require.Equal(t, 403, d.call(identity.Customer, "GET", path, "").status, path)
		require.Equal(t, 403, d.call(identity.Support, "GET", path, "").status, path)
		require.Equal(t, 200, d.call(identity.Admin, "GET", path, "").status, path)
	}
	require.Equal(t, 401, d.call("", "GET", "/v1/recommendations", "").status)
	require.Equal(t, 200, d.call("", "GET", "/v1/products/"+id.New().String()+"/related", "").status)
}

func TestReportsShowWhatWasSold(t *testing.T) {
	d := open(t)
	mug, cup := id.New(), id.New()
	d.sold(id.New(), mug, cup)
	d.sold(id.New(), mug)
	today := soldAt.UTC().Format(time.DateOnly)

	revenue := d.call(identity.Admin, "GET", "/v1/analytics/revenue?currency=EUR&from="+today+"&to="+today, "")
	require.Len(t, revenue.data(), 1, revenue.raw)
	row := revenue.data()[0].(map[string]any)
	require.Equal(t, today, row["day"])
	require.Equal(t, map[string]any{"amount": 3000.0, "currency": "EUR"}, row["net"])

	top := d.call(identity.Admin, "GET", "/v1/analytics/top-products?sort=revenue&currency=EUR&limit=1", "")
	require.Len(t, top.data(), 1, top.raw)
	require.Equal(t, mug.String(), top.data()[0].(map[string]any)["product_id"])

	for path, code := range map[string]string{
		"/v1/analytics/revenue?from=2026-02-30":               "422 validation_failed",
		"/v1/analytics/revenue?from=yesterday":                "422 validation_failed",
		"/v1/analytics/revenue?from=2026-01-02&to=2026-01-01": "422 bad_period",
		"/v1/analytics/revenue?currency=euro":                 "422 validation_failed",
		"/v1/analytics/revenue?day=2026-01-01":                "422 validation_failed",
		"/v1/analytics/top-products?sort=revenue":             "422 currency_required",
		"/v1/analytics/top-products?limit=101":                "422 validation_failed",
	} {
		a := d.call(identity.Admin, "GET", path, "")
		require.Equal(t, code, fmt.Sprintf("%d %v", a.status, a.body["code"]), path)
	}
}

func TestACustomerIsToldWhatTheyMayWant(t *testing.T) {
	d := open(t)
	tea, mug := id.New(), id.New()
	d.sold(id.New(), tea, mug)
	d.sold(d.users[identity.Customer], tea)
	want := map[string]any{"product_id": mug.String(), "reason": "bought_together", "orders": 1.0}

	found := d.call(identity.Customer, "GET", "/v1/recommendations", "")
	require.Equal(t, []any{want}, found.data(), found.raw)
	related := d.call("", "GET", "/v1/products/"+tea.String()+"/related?limit=1", "")
	require.Equal(t, []any{want}, related.data(), related.raw)
	require.Equal(t, 422, d.call("", "GET", "/v1/products/1/related", "").status)
}
