package inventoryapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
	"kassa/api/inventoryapi"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/pgtest"
	"kassa/sql/inventorydb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// warehouse is the service behind a real HTTP server.
type warehouse struct {
	*inventory.Service
	t      *testing.T
	url    string
	tokens map[identity.Role]string
}

func open(t *testing.T) *warehouse {
	t.Helper()
	issuer := identitytest.New(t)
	pool := pgtest.New(t, inventorydb.Migrations())
	require.NoError(t, pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	svc := inventory.New(pool)
	api := httpapi.New(httpapi.Options{Service: "inventory", Verifier: issuer.Verifier(), Pool: pool})
	inventoryapi.Register(api, svc)
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	w := &warehouse{Service: svc, t: t, url: server.URL, tokens: map[identity.Role]string{}}
	for _, role := range []identity.Role{identity.Customer, identity.Support, identity.Admin} {
		w.tokens[role] = issuer.Token(uuid.New(), role)
	}
	return w
}

// answer is a response with its body read as JSON.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// call sends a request as role ("" is nobody); headers come in pairs.
func (w *warehouse) call(role identity.Role, method, path, body string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[role])
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	require.NoError(w.t, json.Unmarshal(raw, &a.body), a.raw)
	return a
}

func (w *warehouse) refused(a answer, status int, code string) {
	w.t.Helper()
	require.Equal(w.t, status, a.status, a.raw)
	require.Equal(w.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(w.t, code, a.body["code"], a.raw)
}

func count(variant uuid.UUID, onHand string) string {
	return fmt.Sprintf(`{"variants":[{"variant_id":%q,"on_hand":%s}]}`, variant, onHand)
}

func adjust(variant uuid.UUID, delta string) string {
	return fmt.Sprintf(`{"variant_id":%q,"delta":%s,"reason":"damaged in transport"}`, variant, delta)
}

func putAside(variant uuid.UUID, quantity string) string {
	return fmt.Sprintf(`{"variant_id":%q,"quantity":%s,"reason":"photo shooting"}`, variant, quantity)
}

func release(reservation string) string { return fmt.Sprintf(`{"reservation_id":%q}`, reservation) }

func path(product uuid.UUID) string { return "/v1/products/" + product.String() + "/inventory" }

func (w *warehouse) onHand(a answer) float64 {
	w.t.Helper()
	require.Equal(w.t, 200, a.status, a.raw)
	return a.body["variants"].([]any)[0].(map[string]any)["on_hand"].(float64)
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "inventory", Prefix: "/api"})
	inventoryapi.Register(api, nil)
	require.Len(t, api.OpenAPI().Paths, 6)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				require.NotNil(t, op.RequestBody.Content["application/json"].Example, "request of %s %s", op.OperationID, path)
			}
			success := op.Responses["200"]
			if success == nil {
				success = op.Responses["201"]
			}
			require.NotNil(t, success.Content["application/json"].Example, "answer of %s %s", op.OperationID, path)
		}
	}
}

func TestStockFromTheFirstCountToAnAdjustment(t *testing.T) {
	w := open(t)
	mug := id.New()
	empty := w.call("", "GET", path(mug), "")
	require.Equal(t, 200, empty.status, empty.raw)
	require.Equal(t, []any{}, empty.body["variants"])
	require.Equal(t, `"1"`, empty.header.Get("ETag"))

	w.refused(w.call(identity.Admin, "PUT", path(mug), count(mug, "10")), 428, "if_match_required")
	set := w.call(identity.Admin, "PUT", path(mug), count(mug, "10"), "If-Match", `"1"`)
	require.InDelta(t, 10, w.onHand(set), 0)
	require.Equal(t, `"2"`, set.header.Get("ETag"))
	stale := w.call(identity.Admin, "PUT", path(mug), count(mug, "20"), "If-Match", `"1"`)
	w.refused(stale, 412, "stock_changed")
	require.InDelta(t, 2, stale.body["current_version"], 0)

	_, err := w.ReserveStock(t.Context(), inventory.ReserveStockInput{OrderID: id.New(), Lines: []inventory.StockLine{{VariantID: mug, Quantity: 4}}})
	require.NoError(t, err)
	read := w.call("", "GET", path(mug), "")
	require.Equal(t, set.header.Get("ETag"), read.header.Get("ETag"), "a reservation is no reason to refuse a count")
	level := read.body["variants"].([]any)[0].(map[string]any)
	require.Equal(t, []any{10.0, 4.0, 6.0}, []any{level["on_hand"], level["reserved"], level["available"]})

	w.refused(w.call(identity.Admin, "PUT", path(mug), count(mug, "3"), "If-Match", `"2"`), 409, "below_reserved")
	w.refused(w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-7")), 409, "below_reserved")
	adjusted := w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-6"))
	require.InDelta(t, 4, w.onHand(adjusted), 0)
	require.Equal(t, `"3"`, adjusted.header.Get("ETag"))
}

func TestAnAdjustmentWithAKeyCountsOnce(t *testing.T) {
	w := open(t)
	mug := id.New()
	require.Equal(t, 200, w.call(identity.Admin, "PUT", path(mug), count(mug, "10"), "If-Match", `"1"`).status)
	first := w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-1"), "Idempotency-Key", "k-1")
	again := w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-1"), "Idempotency-Key", "k-1")
	require.Equal(t, first.raw, again.raw)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.InDelta(t, 9, w.onHand(w.call("", "GET", path(mug), "")), 0)
	w.refused(w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-2"), "Idempotency-Key", "k-1"), 422, "idempotency_key_reused")
}

func TestWhoMayDoWhat(t *testing.T) {
	w := open(t)
	mug := id.New()
	for _, c := range []struct{ method, path, body string }{
		{"PUT", path(mug), count(mug, "1")},
		{"POST", path(mug) + "/adjust", adjust(mug, "1")},
		{"GET", path(mug) + "/movements", ""},
		{"POST", "/v1/products/" + mug.String() + "/reserve", putAside(mug, "1")},
		{"POST", "/v1/products/" + mug.String() + "/release", release(mug.String())},
		{"GET", "/v1/reservations", ""},
	} {
		w.refused(w.call("", c.method, c.path, c.body, "If-Match", `"1"`), 401, "unauthenticated")
		w.refused(w.call(identity.Customer, c.method, c.path, c.body, "If-Match", `"1"`), 403, "forbidden")
		w.refused(w.call(identity.Support, c.method, c.path, c.body, "If-Match", `"1"`), 403, "forbidden")
	}
	require.Equal(t, 200, w.call("", "GET", path(mug), "").status)
	require.Equal(t, 200, w.call(identity.Customer, "GET", path(mug), "").status)
}

func TestWhatMakesNoSenseIsRefusedAndWritesNothing(t *testing.T) {
	w := open(t)
	mug := id.New()
	for body, code := range map[string]string{
		count(mug, "-1"):                    "422 validation_failed",
		count(mug, "1000000001"):            "422 validation_failed",
		count(mug, "1e30"):                  "422 validation_failed",
		count(mug, "1.5"):                   "422 validation_failed",
		`{"variants":[]}`:                   "422 validation_failed",
		`{}`:                                "422 validation_failed",
		`{"variants":null}`:                 "422 validation_failed",
		`{"variants":[{"variant_id":"1"}]}`: "422 validation_failed",
		strings.Replace(count(mug, "1"), "]", fmt.Sprintf(`,{"variant_id":%q,"on_hand":2}]`, mug), 1): "422 bad_stock",
	} {
		a := w.call(identity.Admin, "PUT", path(mug), body, "If-Match", `"1"`)
		require.Equal(t, code, fmt.Sprintf("%d %v", a.status, a.body["code"]), body)
	}
	w.refused(w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "1")), 404, "no_stock")
	w.refused(w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "0")), 422, "bad_adjustment")
	w.refused(w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "9223372036854775808")), 422, "validation_failed")
	w.refused(w.call("", "GET", "/v1/products/1/inventory", ""), 422, "validation_failed")
	require.Equal(t, []any{}, w.call("", "GET", path(mug), "").body["variants"])
}

func TestListReservationsLeafsThroughThem(t *testing.T) {
	w := open(t)
	mug := id.New()
	require.Equal(t, 200, w.call(identity.Admin, "PUT", path(mug), count(mug, "10"), "If-Match", `"1"`).status)
	var made, seen []string
	for i := range 5 {
		order := id.New()
		_, err := w.ReserveStock(t.Context(), inventory.ReserveStockInput{OrderID: order, Lines: []inventory.StockLine{{VariantID: mug, Quantity: 1}}})
		require.NoError(t, err)
		if i == 2 {
			_, err = w.ReleaseStock(t.Context(), inventory.ReleaseStockInput{OrderID: order})
			require.NoError(t, err)
			continue
		}
		made = append(made, order.String())
	}
	next := "/v1/reservations?limit=3&status=held"
	for next != "" {
		page := w.call(identity.Admin, "GET", next, "")
		require.Equal(t, 200, page.status, page.raw)
		for _, each := range page.body["data"].([]any) {
			require.Equal(t, "held", each.(map[string]any)["status"])
			seen = append(seen, each.(map[string]any)["order_id"].(string))
		}
		cursor, more := page.body["next_cursor"].(string)
		if next = ""; more {
			next = "/v1/reservations?limit=3&status=held&cursor=" + cursor
			require.Contains(t, page.header.Get("Link"), cursor)
			w.refused(w.call(identity.Admin, "GET", "/v1/reservations?cursor="+cursor, ""), 422, "invalid_cursor")
		}
	}
	require.Equal(t, made, seen)
	w.refused(w.call(identity.Admin, "GET", "/v1/reservations?status=refused", ""), 422, "validation_failed")
}

func TestPuttingAsideByHandCountsOncePerKey(t *testing.T) {
	w := open(t)
	mug, other := id.New(), id.New()
	require.Equal(t, 200, w.call(identity.Admin, "PUT", path(mug), count(mug, "3"), "If-Match", `"1"`).status)
	reserve, giveBack := "/v1/products/"+mug.String()+"/reserve", "/v1/products/"+mug.String()+"/release"

	w.refused(w.call(identity.Admin, "POST", reserve, putAside(mug, "2")), 400, "idempotency_key_required")
	made := w.call(identity.Admin, "POST", reserve, putAside(mug, "2"), "Idempotency-Key", "a")
	require.Equal(t, 201, made.status, made.raw)
	require.Equal(t, []any{"held", "hand", "photo shooting"}, []any{made.body["status"], made.body["holder"], made.body["reason"]})
	again := w.call(identity.Admin, "POST", reserve, putAside(mug, "2"), "Idempotency-Key", "a")
	require.Equal(t, made.raw, again.raw)
	short := w.call(identity.Admin, "POST", reserve, putAside(mug, "2"), "Idempotency-Key", "b")
	w.refused(short, 409, "out_of_stock")
	w.refused(w.call(identity.Admin, "POST", "/v1/products/"+other.String()+"/reserve", putAside(mug, "1"), "Idempotency-Key", "c"), 404, "no_stock")

	page := w.call(identity.Admin, "GET", "/v1/reservations?holder=hand&variant_id="+mug.String(), "")
	require.Len(t, page.body["data"], 1, page.raw)
	require.Empty(t, w.call(identity.Admin, "GET", "/v1/reservations?holder=order", "").body["data"])

	order := inventory.ReserveStockInput{OrderID: id.New(), Lines: []inventory.StockLine{{VariantID: mug, Quantity: 1}}}
	_, err := w.ReserveStock(t.Context(), order)
	require.NoError(t, err)
	w.refused(w.call(identity.Admin, "POST", giveBack, release(order.OrderID.String()), "Idempotency-Key", "d"), 404, "reservation_not_found")
	released := w.call(identity.Admin, "POST", giveBack, release(made.body["order_id"].(string)), "Idempotency-Key", "e")
	require.Equal(t, "released", released.body["status"], released.raw)
	w.refused(w.call(identity.Admin, "POST", reserve, putAside(mug, "3"), "Idempotency-Key", "f"), 409, "out_of_stock")
}

func TestMovementsTellWhyThereIsWhatThereIs(t *testing.T) {
	w := open(t)
	mug := id.New()
	require.Equal(t, 200, w.call(identity.Admin, "PUT", path(mug), count(mug, "10"), "If-Match", `"1"`).status)
	for range 4 {
		require.Equal(t, 200, w.call(identity.Admin, "POST", path(mug)+"/adjust", adjust(mug, "-1")).status)
	}
	order := id.New()
	_, err := w.ReserveStock(t.Context(), inventory.ReserveStockInput{OrderID: order, Lines: []inventory.StockLine{{VariantID: mug, Quantity: 2}}})
	require.NoError(t, err)
	_, err = w.ShipStock(t.Context(), inventory.ShipStockInput{OrderID: order, ShipmentID: id.New(), Lines: []inventory.StockLine{{VariantID: mug, Quantity: 2}}})
	require.NoError(t, err)

	var seen []string
	next := path(mug) + "/movements?limit=4"
	for next != "" {
		page := w.call(identity.Admin, "GET", next, "")
		require.Equal(t, 200, page.status, page.raw)
		for _, each := range page.body["data"].([]any) {
			m := each.(map[string]any)
			seen = append(seen, fmt.Sprintf("%v %v %v", m["kind"], m["quantity"], m["on_hand"]))
			require.Equal(t, m["kind"] == "sold", m["order_id"] == order.String())
		}
		cursor, more := page.body["next_cursor"].(string)
		if next = ""; more {
			next = path(mug) + "/movements?limit=4&cursor=" + cursor
			w.refused(w.call(identity.Admin, "GET", path(id.New())+"/movements?cursor="+cursor, ""), 422, "invalid_cursor")
		}
	}
	require.Equal(t, []string{"sold -2 4", "adjust -1 6", "adjust -1 7", "adjust -1 8", "adjust -1 9", "initial 10 10"}, seen)
	for query, many := range map[string]int{
		"kind=adjust": 4, "kind=return": 0, "until=2020-01-01T00:00:00Z": 0, "since=2020-01-01T00:00:00Z&kind=sold": 1,
		"variant_id=" + mug.String(): 6, "variant_id=" + order.String(): 0,
	} {
		require.Len(t, w.call(identity.Admin, "GET", path(mug)+"/movements?"+query, "").body["data"], many, query)
	}
	w.refused(w.call(identity.Admin, "GET", path(mug)+"/movements?since=yesterday", ""), 422, "validation_failed")
}

func TestALowStockIsSetWithTheCount(t *testing.T) {
	w := open(t)
	mug := id.New()
	body := func(lowAt string) string {
		return fmt.Sprintf(`{"variants":[{"variant_id":%q,"on_hand":10%s}]}`, mug, lowAt)
	}
	set := w.call(identity.Admin, "PUT", path(mug), body(`,"low_at":4`), "If-Match", `"1"`)
	require.InDelta(t, 4, set.body["variants"].([]any)[0].(map[string]any)["low_at"], 0, set.raw)
	kept := w.call(identity.Admin, "PUT", path(mug), body(""), "If-Match", `"2"`)
	require.InDelta(t, 4, kept.body["variants"].([]any)[0].(map[string]any)["low_at"], 0, kept.raw)
	none := w.call(identity.Admin, "PUT", path(mug), body(`,"low_at":0`), "If-Match", `"2"`)
	require.NotContains(t, none.body["variants"].([]any)[0], "low_at")
	w.refused(w.call(identity.Admin, "PUT", path(mug), body(`,"low_at":-1`), "If-Match", `"2"`), 422, "validation_failed")
}
