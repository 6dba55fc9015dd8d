package productapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/api/productapi"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/pgtest"
	"kassa/sql/productdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service behind a real HTTP server.
type shop struct {
	t      *testing.T
	url    string
	pool   *pgxpool.Pool
	tokens map[identity.Role]string
}

func open(t *testing.T) *shop {
	t.Helper()
	issuer := identitytest.New(t)
	pool := pgtest.New(t, productdb.Migrations())
	require.NoError(t, pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	api := httpapi.New(httpapi.Options{Service: "product", Verifier: issuer.Verifier(), Pool: pool})
	productapi.Register(api, product.New(pool))
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	s := &shop{t: t, url: server.URL, pool: pool, tokens: map[identity.Role]string{}}
	for _, role := range []identity.Role{identity.Customer, identity.Support, identity.Admin} {
		s.tokens[role] = issuer.Token(uuid.New(), role)
	}
	return s
}

// answer is a response with its body read as JSON.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as role ("" is nobody); headers come in pairs.
func (s *shop) call(role identity.Role, method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.tokens[role])
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 && strings.HasSuffix(res.Header.Get("Content-Type"), "json") && res.Header.Get("Content-Type") != "application/x-ndjson" {
		require.NoError(s.t, json.Unmarshal(raw, &a.body), a.raw)
	}
	return a
}

func (s *shop) refused(a answer, status int, code string, pointers ...string) {
	s.t.Helper()
	require.Equal(s.t, status, a.status, a.raw)
	require.Equal(s.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(s.t, code, a.body["code"], a.raw)
	if len(pointers) == 0 {
		return
	}
	var named []string
	for _, each := range a.body["errors"].([]any) {
		named = append(named, each.(map[string]any)["pointer"].(string))
	}
	require.Equal(s.t, pointers, slices.Compact(named))
}

func newProduct(sku string) string {
	return `{"name":"Mug","variants":[{"sku":"` + sku + `","prices":[{"amount":1899,"currency":"EUR"}]}]}`
}

func (s *shop) created(sku string) string {
	s.t.Helper()
	made := s.call(identity.Admin, "POST", "/v1/products", newProduct(sku))
	require.Equal(s.t, 201, made.status, made.raw)
	return made.body["id"].(string)
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "product", Prefix: "/api"})
	productapi.Register(api, nil)
	require.Len(t, api.OpenAPI().Paths, 10)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
				require.NotNil(t, op.RequestBody.Content["application/json"].Example, "request of %s %s", op.OperationID, path)
			}
			for _, success := range []string{"200", "201"} {
				if answer := op.Responses[success]; answer != nil && answer.Content["application/json"] != nil {
					require.NotNil(t, answer.Content["application/json"].Example, "answer of %s %s", op.OperationID, path)
				}
			}
		}
	}
}

func TestProductFromCreationToChange(t *testing.T) {
	s := open(t)
	made := s.call(identity.Admin, "POST", "/v1/products", newProduct("MUG"))
	require.Equal(t, 201, made.status, made.raw)
	path := "/v1/products/" + made.body["id"].(string)
	require.Equal(t, "/api"+path, made.header.Get("Location"))
	require.Equal(t, `"1"`, made.header.Get("ETag"))
	variant := made.body["variants"].([]any)[0].(map[string]any)
	require.Equal(t, made.body["id"], variant["id"])

	read := s.call("", "GET", path, "")
	require.Equal(t, 200, read.status, read.raw)
	require.Equal(t, made.body, read.body)

	reprice := `{"prices":[{"variant_id":"` + variant["id"].(string) + `","prices":[{"amount":1999,"currency":"EUR"}]}]}`
	s.refused(s.call(identity.Admin, "PATCH", path, reprice), 428, "if_match_required")
	s.refused(s.call(identity.Admin, "PATCH", path, reprice, "If-Match", `W/"1"`), 400, "if_match_malformed")
	changed := s.call(identity.Admin, "PATCH", path, reprice, "If-Match", `"1"`)
	require.Equal(t, 200, changed.status, changed.raw)
	require.Equal(t, `"2"`, changed.header.Get("ETag"))
	stale := s.call(identity.Admin, "PATCH", path, reprice, "If-Match", `"1"`)
	s.refused(stale, 412, "product_changed")
	require.InDelta(t, 2, stale.body["current_version"], 0)
	s.refused(s.call(identity.Admin, "PATCH", path, `{}`, "If-Match", `"2"`), 422, "nothing_to_change")

	quote := s.call("", "POST", "/v1/quotes", `{"lines":[{"variant_id":"`+variant["id"].(string)+`","quantity":2}],"currency":"EUR"}`)
	require.Equal(t, 200, quote.status, quote.raw)
	require.Equal(t, map[string]any{"amount": 4497.0, "currency": "EUR"}, quote.body["total"], "the new price, and shipping")

	archived := s.call(identity.Admin, "PATCH", path, `{"status":"archived"}`, "If-Match", `"2"`)
	require.Equal(t, 200, archived.status, archived.raw)
	s.refused(s.call("", "GET", path, ""), 404, "product_not_found")
	s.refused(s.call(identity.Customer, "GET", path, ""), 404, "product_not_found")
	require.Equal(t, 200, s.call(identity.Admin, "GET", path, "").status)
}

func TestWhoMayDoWhat(t *testing.T) {
	s := open(t)
	path := "/v1/products/" + s.created("MUG")
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/products", newProduct("OTHER")},
		{"PATCH", path, `{"name":"Cup"}`},
	} {
		s.refused(s.call("", c.method, c.path, c.body, "If-Match", `"1"`), 401, "unauthenticated")
		s.refused(s.call(identity.Customer, c.method, c.path, c.body, "If-Match", `"1"`), 403, "forbidden")
		s.refused(s.call(identity.Support, c.method, c.path, c.body, "If-Match", `"1"`), 403, "forbidden")
	}
	for _, status := range []string{"draft", "archived", "all"} {
		s.refused(s.call("", "GET", "/v1/products?status="+status, ""), 403, "forbidden")
		require.Equal(t, 200, s.call(identity.Admin, "GET", "/v1/products?status="+status, "").status)
	}
	require.Equal(t, 200, s.call("", "GET", "/v1/products", "").status)
	s.refused(s.call("", "GET", "/v1/products", "", "Authorization", "Bearer nonsense"), 401, "invalid_token")
}

func TestListLeafsThroughTheCatalogue(t *testing.T) {
	s := open(t)
	var made, seen []string
	for i := range 5 {
		made = append(made, s.created(fmt.Sprintf("MUG-%d", i)))
	}
	path := "/v1/products?limit=2"
	for pages := 0; path != ""; pages++ {
		require.Less(t, pages, 3)
		page := s.call("", "GET", path, "")
		require.Equal(t, 200, page.status, page.raw)
		for _, each := range page.body["data"].([]any) {
			seen = append(seen, each.(map[string]any)["id"].(string))
		}
		cursor, more := page.body["next_cursor"].(string)
		if path = ""; more {
			path = "/v1/products?limit=2&cursor=" + cursor
			require.Equal(t, `</api`+strings.ReplaceAll(path, "limit=2&cursor="+cursor, "cursor="+cursor+"&limit=2")+`>; rel="next"`, page.header.Get("Link"))
		}
	}
	require.Equal(t, made, seen)
	s.refused(s.call("", "GET", "/v1/products?cursor=e30.AAAA", ""), 422, "invalid_cursor")
	s.refused(s.call("", "GET", "/v1/products?limit=0", ""), 422, "validation_failed", "query.limit")
	s.refused(s.call("", "GET", "/v1/products?colour=red", ""), 422, "validation_failed")
	empty := open(t).call("", "GET", "/v1/products", "")
	require.Equal(t, []any{}, empty.body["data"])
}

func TestCreationIsRefusedAsAProblemAndWritesNothing(t *testing.T) {
	s := open(t)
	s.created("MUG")
	for body, code := range map[string]string{
		newProduct("MUG"):       "409 sku_taken",
		newProduct("no spaces"): "422 validation_failed",
		`{"name":"","variants":[{"sku":"A","prices":[]}]}`: "422 validation_failed",
		`{"name":"Mug","variants":[]}`:                     "422 validation_failed",
		`{"name":"Mug"}`:                                   "422 validation_failed",
		`{"name":"Mug","variants":[{"sku":"A","prices":[{"amount":-1,"currency":"EUR"}]}]}`:                  "422 bad_product",
		`{"name":"Mug","variants":[{"sku":"A","prices":[{"amount":1,"currency":"XXX"}]}]}`:                   "422 bad_product",
		`{"name":"Mug","variants":[{"sku":"A","prices":[{"amount":1.5,"currency":"EUR"}]}]}`:                 "422 validation_failed",
		`{"name":"Mug","variants":[{"sku":"A","prices":[{"amount":9223372036854775807,"currency":"EUR"}]}]}`: "422 bad_product",
		`{"name":"Mug","variants":[{"sku":"A","name":"x","prices":[]},{"sku":"A","name":"y","prices":[]}]}`:  "422 bad_product",
		`{"name":"Mug","variants":[{"sku":"A","prices":[]}],"id":"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"}`:    "422 validation_failed",
		`{"name":"Mug","Name":"Cup","variants":[{"sku":"A","prices":[]}]}`:                                   "422 validation_failed",
		`{"name":"Mug","variants":[{"sku":"A","prices":[]}]`:                                                 "400 malformed_body",
	} {
		a := s.call(identity.Admin, "POST", "/v1/products", body)
		require.Equal(t, code, fmt.Sprintf("%d %v", a.status, a.body["code"]), body)
	}
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM products").Scan(&n))
	require.Equal(t, 1, n)
}

func TestCreationWithAKeyHappensOnce(t *testing.T) {
	s := open(t)
	first := s.call(identity.Admin, "POST", "/v1/products", newProduct("MUG"), "Idempotency-Key", "k-1")
	again := s.call(identity.Admin, "POST", "/v1/products", newProduct("MUG"), "Idempotency-Key", "k-1")
	require.Equal(t, 201, again.status, again.raw)
	require.Equal(t, first.raw, again.raw)
	require.Equal(t, first.header.Get("ETag"), again.header.Get("ETag"))
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	s.refused(s.call(identity.Admin, "POST", "/v1/products", newProduct("CUP"), "Idempotency-Key", "k-1"), 422, "idempotency_key_reused")
}

func TestQuoteIsRefusedWithPointers(t *testing.T) {
	s := open(t)
	mug, unknown := s.created("MUG"), uuid.NewString()
	lines := func(lines ...string) string { return `{"currency":"EUR","lines":[` + strings.Join(lines, ",") + `]}` }
	line := func(variant, quantity string) string {
		return `{"variant_id":"` + variant + `","quantity":` + quantity + `}`
	}
	for _, c := range []struct {
		body     string
		code     string
		pointers []string
	}{
		{lines(line(mug, "1"), line(unknown, "1")), "unknown_variant", []string{"#/lines/1/variant_id"}},
		{lines(line(mug, "0")), "validation_failed", []string{"#/lines/0/quantity"}},
		{lines(line(mug, "-1")), "validation_failed", []string{"#/lines/0/quantity"}},
		{lines(line(mug, "1000000000")), "validation_failed", []string{"#/lines/0/quantity"}},
		{lines(line(mug, "9000"), line(mug, "9000")), "bad_quantity", []string{"#/lines/1/quantity"}},
		{lines(line(mug, "1.5")), "validation_failed", []string{"#/lines/0/quantity"}},
		{lines(line("1", "1")), "validation_failed", []string{"#/lines/0/variant_id"}},
		{lines(), "validation_failed", []string{"#/lines"}},
		{`{"currency":"XXX","lines":[` + line(mug, "1") + `]}`, "unknown_currency", nil},
		{`{"currency":"USD","lines":[` + line(mug, "1") + `]}`, "no_price", []string{"#/lines/0/variant_id"}},
		{`{"currency":"EUR","country":"Germany","lines":[` + line(mug, "1") + `]}`, "validation_failed", []string{"#/country"}},
		{`{"currency":"EUR","shipping_option":"drone","lines":[` + line(mug, "1") + `]}`, "validation_failed", []string{"#/shipping_option"}},
		{`{"currency":"EUR","lines":[{"variant_id":"` + mug + `","quantity":1,"unit_price":1}]}`, "validation_failed", []string{"#/lines/0/unit_price"}},
	} {
		s.refused(s.call("", "POST", "/v1/quotes", c.body), 422, c.code, c.pointers...)
	}
}
