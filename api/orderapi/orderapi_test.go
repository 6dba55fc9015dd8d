package orderapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
	"kassa/internal/identity/identitytest"
	"kassa/internal/money"
	"kassa/internal/operations"
	"kassa/internal/pgtest"
	"kassa/sql/orderdb"
)

// counter is the service behind a real HTTP server, with a Temporal that runs nothing.
type counter struct {
	*order.Service
	t        *testing.T
	url      string
	customer uuid.UUID
	tokens   map[identity.Role]string
}

func (e *engine) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

func openCounter(t *testing.T) *counter {
	t.Helper()
	issuer := identitytest.New(t)
	pool := pgtest.New(t, orderdb.Migrations())
	require.NoError(t, pool.Ping(t.Context()))
	news := order.NewNews()
	svc := order.New(pool, news)
	api := httpapi.New(httpapi.Options{Service: "order", Verifier: issuer.Verifier(), Pool: pool})
	sagas := NewSagas(&engine{takeIn: func(context.Context) error { return nil }}, "kassa", svc, news)
	Register(api, svc, sagas, NewDesk(svc, sagas, operations.NewCaller(operations.CallerOptions{}), DeskOptions{Seller: Seller{Name: "Kassa & Co"}}))
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	c := &counter{Service: svc, t: t, url: server.URL, customer: id.New(), tokens: map[identity.Role]string{}}
	c.tokens[identity.Customer] = issuer.Token(c.customer, identity.Customer)
	c.tokens[identity.Support] = issuer.Token(uuid.New(), identity.Support)
	c.tokens[""] = issuer.Token(uuid.New(), identity.Customer) // somebody else
	return c
}

func (c *counter) open(role identity.Role, method, path, body string, headers ...string) *http.Response {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.tokens[role])
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func (c *counter) call(role identity.Role, method, path, body string, headers ...string) (int, map[string]any, string) {
	c.t.Helper()
	res := c.open(role, method, path, body, headers...) //nolint:bodyclose // open does
	raw, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	read := map[string]any{}
	_ = json.Unmarshal(raw, &read)
	return res.StatusCode, read, string(raw)
}

func (c *counter) place(key, name string) order.Order {
	c.t.Helper()
	placed, err := c.PlaceOrder(c.t.Context(), order.PlaceOrderInput{
		UserID: c.customer, Operation: "checkout", Key: key, Fingerprint: []byte("request"), PaymentMethod: "pm_card_visa", Capture: "automatic", ShippingOption: "standard",
		ShippingAddress: order.PostalAddress{Name: name, Line1: "Torstraße 1", City: "Berlin", PostalCode: "10119", Country: "DE"},
		Priced: order.Priced{
			Lines:    []order.PricedLine{{VariantID: id.New(), ProductID: id.New(), SKU: "MUG-RED", Name: "Mug, red", Quantity: 2, UnitPrice: money.New(1899, "EUR"), Total: money.New(3798, "EUR")}},
			Subtotal: money.New(3798, "EUR"), Discount: money.New(0, "EUR"), Shipping: money.New(500, "EUR"), Tax: money.New(0, "EUR"), Total: money.New(4298, "EUR"),
		},
	})
	require.NoError(c.t, err)
	return placed.Order
}

func (c *counter) confirm(o order.Order) {
	c.t.Helper()
	_, err := c.ConfirmOrder(c.t.Context(), order.ConfirmOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, PaymentID: id.New(), PaymentStatus: "captured"})
	require.NoError(c.t, err)
}

func TestListsCanBeNarrowedAndLeafedThrough(t *testing.T) {
	c := openCounter(t)
	first, second := c.place("a", "Ada"), c.place("b", "Ada")
	c.confirm(second)

	for query, want := range map[string]int{
		"":                         2,
		"?status=confirmed":        1,
		"?payment_status=captured": 1,
		"?fulfilment=none":         2,
		"?number=" + first.Number:  1,
		"?number=K-1":              0,
		"?tracking=nowhere":        0,
		"?variant_id=" + first.Lines[0].VariantID.String(): 1,
		"?created_from=2100-01-01T00:00:00Z":               0,
		"?created_to=2100-01-01T00:00:00Z":                 2,
		"?needs_attention=true":                            0,
		"?user_id=" + uuid.NewString():                     0,
	} {
		status, body, raw := c.call(identity.Support, "GET", "/v1/orders"+query, "")
		require.Equal(t, 200, status, raw)
		require.Len(t, body["data"], want, query)
	}
	mine := "/v1/users/" + c.customer.String() + "/orders"
	_, page, _ := c.call(identity.Customer, "GET", mine+"?limit=1", "")
	require.Len(t, page["data"], 1)
	_, rest, _ := c.call(identity.Customer, "GET", mine+"?limit=1&cursor="+page["next_cursor"].(string), "")
	require.Len(t, rest["data"], 1)
	require.NotContains(t, rest, "next_cursor")
	status, _, _ := c.call(identity.Customer, "GET", mine+"?limit=1&status=confirmed&cursor="+page["next_cursor"].(string), "")
	require.Equal(t, 422, status, "a cursor is good for its question only")
	status, _, _ = c.call("", "GET", mine, "")
	require.Equal(t, 404, status)
}

func TestAStreamTellsWhatHappensAndGoesOnWhereItWas(t *testing.T) {
	c := openCounter(t)
	o := c.place("a", "Ada")
	path := "/v1/orders/" + o.ID.String() + "/events"
	status, _, _ := c.call("", "GET", path, "")
	require.Equal(t, 404, status, "somebody else's")

	res := c.open(identity.Customer, "GET", path, "") //nolint:bodyclose // open does
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		for lines.Scan() {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				return event
			}
		}
		return ""
	}
	require.Equal(t, "order.created", next())
	_, err := c.RejectOrder(t.Context(), order.RejectOrderInput{OrderID: o.ID, UserID: o.UserID, Total: o.Total, Code: fault.Declined, Reason: "out_of_stock", Message: "Gone."})
	require.NoError(t, err)
	require.Equal(t, "order.rejected", next())
	require.Empty(t, next(), "a closed order's stream ends")

	status, _, raw := c.call(identity.Customer, "GET", path, "", "Last-Event-ID", "1")
	require.Equal(t, 200, status)
	require.Contains(t, raw, "id: 2\nevent: order.rejected\ndata: {")
	require.NotContains(t, raw, "order.created")
	status, _, _ = c.call(identity.Customer, "GET", path, "", "Last-Event-ID", "2")
	require.Equal(t, 204, status, "nothing can come any more")
}

func TestAnInvoiceIsJSONOrAPage(t *testing.T) {
	c := openCounter(t)
	o := c.place("a", `<script>alert("Ada")</script>`)
	path := "/v1/orders/" + o.ID.String() + "/invoice"
	status, body, _ := c.call(identity.Customer, "GET", path, "")
	require.Equal(t, 409, status)
	require.Equal(t, "not_invoiced", body["code"])

	c.confirm(o)
	status, body, _ = c.call(identity.Customer, "GET", path, "")
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"amount": 4298.0, "currency": "EUR"}, body["due"])
	res := c.open(identity.Customer, "GET", path, "", "Accept", "text/html,*/*;q=0.8") //nolint:bodyclose // open does
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, string(page), "42.98 EUR")
	require.Contains(t, string(page), "Kassa &amp; Co")
	require.NotContains(t, string(page), "<script>")
	require.Equal(t, []string{"19 %", "5.5 %", "7.25 %", "0 %"}, []string{percent(1900), percent(550), percent(725), percent(0)})
}

func TestOperatorsNeedASagaAndAReason(t *testing.T) {
	c := openCounter(t)
	o := c.place("a", "Ada")
	for _, what := range []string{"hold", "resume", "approve", "reject"} {
		path := "/v1/ops/orders/" + o.ID.String() + "/" + what
		status, _, _ := c.call(identity.Customer, "POST", path, `{"reason":"because"}`)
		require.Equal(t, 403, status, what)
		status, _, _ = c.call(identity.Support, "POST", path, `{"reason":""}`)
		require.Equal(t, 422, status, what)
		status, body, _ := c.call(identity.Support, "POST", path, `{"reason":"because"}`)
		require.Equal(t, 409, status, what)
		require.Equal(t, "not_under_way", body["code"], "no saga runs")
		status, _, _ = c.call(identity.Support, "POST", "/v1/ops/orders/"+uuid.NewString()+"/"+what, `{"reason":"because"}`)
		require.Equal(t, 404, status, what)
	}
}
