package cartapi_test

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

	"kassa/activities/cart"
	"kassa/activities/inventory"
	"kassa/activities/product"
	"kassa/api/cartapi"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/money"
	"kassa/internal/operations"
	"kassa/internal/pgtest"
	"kassa/sql/cartdb"
	"kassa/sql/inventorydb"
	"kassa/sql/productdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const internalToken = "internal"

// shop is the cart service behind a real HTTP server, beside a catalogue and a
// warehouse that it reaches over HTTP too.
type shop struct {
	*cart.Service
	t         *testing.T
	catalogue *product.Service
	stock     *inventory.Service
	issuer    *identitytest.Issuer
	url       string
	outage    func() // ends the catalogue
}

func open(t *testing.T) *shop {
	t.Helper()
	pool := pgtest.New(t, cartdb.Migrations())
	s := &shop{
		Service: cart.New(pool), t: t, issuer: identitytest.New(t),
		catalogue: product.New(pgtest.New(t, productdb.Migrations())), stock: inventory.New(pgtest.New(t, inventorydb.Migrations())),
	}
	urls := map[string][]string{}
	for name, svc := range map[string]any{"product": s.catalogue, "inventory": s.stock} {
		server := httptest.NewServer(operations.Handler(internalToken, svc))
		t.Cleanup(server.Close)
		urls[name] = []string{server.URL}
		if name == "product" {
			s.outage = func() { server.CloseClientConnections(); server.Close() }
		}
	}
	tokens := cartapi.NewTokens("secret")
	api := httpapi.New(httpapi.Options{Service: "cart", Verifier: s.issuer.Verifier(), Pool: pool, KeyOwner: tokens.KeyOwner})
	caller := operations.NewCaller(operations.CallerOptions{Token: internalToken, URLs: urls})
	cartapi.Register(api, s.Service, cartapi.NewDesk(s.Service, caller, tokens))
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// sells makes a product that is its own only variant, with ten in stock.
func (s *shop) sells(price int64) product.Product {
	s.t.Helper()
	made, err := s.catalogue.CreateProduct(s.t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
		Name: "Mug", Status: product.Active, Variants: []product.NewVariant{{SKU: "MUG-" + uuid.NewString()[:8], Prices: []money.Money{money.New(price, "EUR")}}},
	}})
	require.NoError(s.t, err)
	_, err = s.stock.SetStock(s.t.Context(), inventory.SetStockInput{ProductID: made.ID, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: made.ID, OnHand: 10}}})
	require.NoError(s.t, err)
	return made
}

// client is somebody with a cart.
type client struct {
	*shop
	bearer string // "" for a guest
	token  string // of a guest's cart; "" before there is one
}

func (s *shop) guest() *client { return &client{shop: s} }

func (s *shop) signedIn(role identity.Role) *client {
	return &client{shop: s, bearer: s.issuer.Token(uuid.New(), role)}
}

type answer struct {
	status int
	header http.Header
	raw    string
	cart   cartapi.Cart
	body   map[string]any
}

// call keeps the token that a guest is given; headers come in pairs.
func (c *client) call(method, path, body string, headers ...string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if c.token != "" {
		req.Header.Set("X-Cart-Token", c.token)
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
	if len(raw) > 0 {
		require.NoError(c.t, json.Unmarshal(raw, &a.body), a.raw)
		_ = json.Unmarshal(raw, &a.cart) // when it is one
	}
	if token := res.Header.Get("X-Cart-Token"); token != "" {
		c.token = token
	}
	return a
}

func (c *client) done(a answer) answer {
	c.t.Helper()
	require.Less(c.t, a.status, 300, a.raw)
	return a
}

func (c *client) refused(a answer, status int, code string) {
	c.t.Helper()
	require.Equal(c.t, status, a.status, a.raw)
	require.Equal(c.t, code, a.body["code"], a.raw)
}

func item(variant uuid.UUID, quantity int) string {
	return fmt.Sprintf(`{"variant_id":%q,"quantity":%d}`, variant, quantity)
}

func codes(warnings []cartapi.Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.Code)
	}
	return all
}

func TestDocumentNeedsNoServiceAndShowsExamples(t *testing.T) {
	api := httpapi.New(httpapi.Options{Service: "cart", Prefix: "/api"})
	cartapi.Register(api, nil, nil)
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if op != nil && op.RequestBody != nil {
				require.NotNil(t, op.RequestBody.Content["application/json"].Example, "request of %s %s", op.OperationID, path)
			}
		}
	}
}

func TestAGuestsCartUntilItIsMerged(t *testing.T) {
	s := open(t)
	mug, g := s.sells(1899), s.guest()
	empty := g.done(g.call("GET", "/v1/cart", ""))
	require.Equal(t, `"1"`, empty.header.Get("ETag"))
	require.Empty(t, g.token, "nobody needs to remember an empty cart")

	added := g.done(g.call("POST", "/v1/cart/items", item(mug.ID, 2)))
	require.NotEmpty(t, g.token)
	require.Equal(t, money.New(3798, "EUR"), *added.cart.Subtotal)
	require.Equal(t, money.New(4297, "EUR"), *added.cart.Total, "and shipping")
	require.Equal(t, "Mug", added.cart.Lines[0].Name)
	line := "/v1/cart/items/" + added.cart.Lines[0].ID.String()
	g.refused(g.call("PATCH", line, `{"quantity":3}`), 428, "if_match_required")
	g.refused(g.call("PATCH", line, `{"quantity":3}`, "If-Match", `"1"`), 412, "cart_changed")
	changed := g.done(g.call("PATCH", line, `{"quantity":3}`, "If-Match", added.header.Get("ETag")))
	require.Equal(t, int64(3), changed.cart.Lines[0].Quantity)

	again := g.call("POST", "/v1/cart/items", item(mug.ID, 1), "Idempotency-Key", "k")
	require.Equal(t, again.raw, g.call("POST", "/v1/cart/items", item(mug.ID, 1), "Idempotency-Key", "k").raw)
	other := s.guest()
	require.Len(t, other.done(other.call("POST", "/v1/cart/items", item(mug.ID, 1), "Idempotency-Key", "k")).cart.Lines, 1)
	require.NotEqual(t, g.token, other.token, "a key of one guest is not another's")

	stranger := s.guest()
	stranger.token = g.token[:len(g.token)-2] + "AA"
	stranger.refused(stranger.call("GET", "/v1/cart", ""), 422, "bad_cart_token")
	stranger.token = id.New().String() + g.token[36:]
	stranger.refused(stranger.call("GET", "/v1/cart", ""), 422, "bad_cart_token")

	g.refused(g.call("POST", "/v1/cart/merge", `{}`), 401, "unauthenticated")
	c := s.signedIn(identity.Customer)
	c.done(c.call("POST", "/v1/cart/items", item(mug.ID, 1)))
	require.Empty(t, c.token, "an account needs no token")
	c.refused(c.call("POST", "/v1/cart/merge", `{}`), 422, "bad_cart_token")
	merged := c.done(c.call("POST", "/v1/cart/merge", `{}`, "X-Cart-Token", g.token))
	require.Equal(t, int64(5), merged.cart.Lines[0].Quantity)
	require.Empty(t, g.done(g.call("GET", "/v1/cart", "")).cart.Lines)
}

func TestALineSaysWhatHasChanged(t *testing.T) {
	s := open(t)
	mug, cup, c := s.sells(1899), s.sells(1000), s.signedIn(identity.Customer)
	c.done(c.call("POST", "/v1/cart/items", item(mug.ID, 2)))
	before := c.done(c.call("POST", "/v1/cart/items", item(cup.ID, 1)))
	require.Empty(t, before.cart.Lines[0].Changes)

	_, err := s.catalogue.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: 1, ProductChange: product.ProductChange{
		Prices: []product.VariantPrices{{VariantID: mug.ID, Prices: []money.Money{money.New(2099, "EUR")}}},
	}})
	require.NoError(t, err)
	archived := product.Archived
	_, err = s.catalogue.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: cup.ID, IfVersion: 1, ProductChange: product.ProductChange{Status: &archived}})
	require.NoError(t, err)
	_, err = s.stock.AdjustStock(t.Context(), inventory.AdjustStockInput{ProductID: mug.ID, AdjustmentID: id.New(), Adjustment: inventory.Adjustment{
		VariantID: mug.ID, Delta: -9, Reason: "lost",
	}})
	require.NoError(t, err)

	for range 2 { // reading it does not hide it
		read := c.done(c.call("GET", "/v1/cart", ""))
		was, is, one := money.New(1899, "EUR"), money.New(2099, "EUR"), int64(1)
		require.Equal(t, []cartapi.LineChange{{Code: "price_changed", Before: &was, Now: &is}, {Code: "insufficient_stock", Available: &one}}, read.cart.Lines[0].Changes)
		require.Equal(t, []cartapi.LineChange{{Code: "unavailable", Reason: "not_for_sale"}}, read.cart.Lines[1].Changes)
		require.Equal(t, money.New(4198, "EUR"), *read.cart.Subtotal)
	}
	known := c.done(c.call("PATCH", "/v1/cart/items/"+before.cart.Lines[0].ID.String(), `{"quantity":1}`, "If-Match", before.header.Get("ETag")))
	require.Empty(t, known.cart.Lines[0].Changes)
	c.refused(c.call("POST", "/v1/cart/items", item(cup.ID, 1)), 422, "not_for_sale")
	c.refused(c.call("POST", "/v1/cart/items", item(id.New(), 1)), 422, "unknown_variant")

	s.outage()
	blind := c.done(c.call("GET", "/v1/cart", ""))
	require.Equal(t, []string{"prices_unavailable"}, codes(blind.cart.Warnings))
	require.Len(t, blind.cart.Lines, 2)
	require.Nil(t, blind.cart.Total)
	require.Equal(t, 503, c.call("POST", "/v1/cart/items", item(mug.ID, 1)).status)
}

func TestACouponInTheCart(t *testing.T) {
	s := open(t)
	mug, admin, c := s.sells(1000), s.signedIn(identity.Admin), s.signedIn(identity.Customer)
	made := admin.call("POST", "/v1/coupons", `{"code":"welcome10","kind":"percent","basis_points":1000,"minimum":{"amount":2000,"currency":"EUR"},"max_uses":5}`)
	require.Equal(t, 201, made.status, made.raw)
	require.Equal(t, "WELCOME10", made.body["code"])
	admin.refused(admin.call("POST", "/v1/coupons", `{"code":"WELCOME10","kind":"percent","basis_points":1}`), 409, "coupon_exists")
	admin.refused(admin.call("POST", "/v1/coupons", `{"code":"BAD","kind":"fixed","basis_points":1}`), 422, "bad_coupon")
	c.refused(c.call("GET", "/v1/coupons", ""), 403, "forbidden")

	c.done(c.call("POST", "/v1/cart/items", item(mug.ID, 1)))
	c.refused(c.call("POST", "/v1/cart/coupon", `{"code":"NOSUCH"}`), 422, "coupon_unknown")
	below := c.done(c.call("POST", "/v1/cart/coupon", `{"code":" welcome10 "}`))
	require.Equal(t, []string{"coupon_minimum"}, codes(below.cart.Warnings))
	require.Equal(t, money.New(1000, "EUR"), *below.cart.Subtotal)
	reached := c.done(c.call("POST", "/v1/cart/items", item(mug.ID, 1)))
	require.Empty(t, reached.cart.Warnings)
	require.Equal(t, money.New(200, "EUR"), *reached.cart.Discount)
	removed := c.done(c.call("DELETE", "/v1/cart/coupon", "", "If-Match", reached.header.Get("ETag")))
	require.True(t, removed.cart.Discount.IsZero())

	listed := admin.done(admin.call("GET", "/v1/coupons", ""))
	require.Len(t, listed.body["data"], 1)
	require.Equal(t, 204, admin.call("DELETE", "/v1/coupons/welcome10", "").status)
	admin.refused(admin.call("DELETE", "/v1/coupons/welcome10", ""), 404, "coupon_not_found")
	require.Empty(t, admin.call("GET", "/v1/coupons", "").body["data"])
	require.Len(t, admin.call("GET", "/v1/coupons?deleted=true", "").body["data"], 1)
	c.refused(c.call("POST", "/v1/cart/coupon", `{"code":"WELCOME10"}`), 422, "coupon_unknown")
}

func TestShippingOptionsAndSettings(t *testing.T) {
	s := open(t)
	mug, c := s.sells(1000), s.signedIn(identity.Customer)
	require.Empty(t, c.call("GET", "/v1/cart/shipping-options", "").body["options"])
	c.done(c.call("POST", "/v1/cart/items", item(mug.ID, 1)))
	offered := c.done(c.call("GET", "/v1/cart/shipping-options?country=DE", ""))
	require.Equal(t, "standard", offered.body["options"].([]any)[0].(map[string]any)["option"], offered.raw)
	changed := c.done(c.call("PATCH", "/v1/cart", `{"shipping_option":"express","country":"DE"}`, "If-Match", `"2"`))
	require.Equal(t, money.New(1299, "EUR"), *changed.cart.Shipping)
	c.refused(c.call("PATCH", "/v1/cart", `{"currency":"XXX"}`, "If-Match", `"3"`), 422, "bad_cart")
	cleared := c.done(c.call("DELETE", "/v1/cart", "", "If-Match", `"3"`))
	require.Empty(t, cleared.cart.Lines)
	require.True(t, cleared.cart.Total.IsZero())
}

func TestSavedItemsGoIntoTheCart(t *testing.T) {
	s := open(t)
	mug, c, other := s.sells(1000), s.signedIn(identity.Customer), s.signedIn(identity.Customer)
	s.guest().refused(s.guest().call("GET", "/v1/saved-items", ""), 401, "unauthenticated")
	saved := c.call("POST", "/v1/saved-items", fmt.Sprintf(`{"variant_id":%q}`, mug.ID))
	require.Equal(t, 201, saved.status, saved.raw)
	require.Equal(t, "Mug", saved.body["name"])
	where := "/v1/saved-items/" + saved.body["id"].(string)
	require.Len(t, c.call("GET", "/v1/saved-items", "").body["data"], 1)
	other.refused(other.call("DELETE", where, ""), 404, "saved_item_not_found")
	other.refused(other.call("POST", where+"/move-to-cart", `{}`), 404, "saved_item_not_found")
	moved := c.done(c.call("POST", where+"/move-to-cart", `{"quantity":2}`))
	require.Equal(t, int64(2), moved.cart.Lines[0].Quantity)
	c.refused(c.call("POST", where+"/move-to-cart", `{}`), 404, "saved_item_not_found")
	require.Empty(t, c.call("GET", "/v1/saved-items", "").body["data"])
}
