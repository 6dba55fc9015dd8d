package provider

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// answers opens a 3-D Secure page, presses a button on it, and tells where that leads.
func (b *sandbox) answers(page, button, outcome string) string {
	b.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(page) //nolint:noctx // a test
	require.NoError(b.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.NoError(b.t, response.Body.Close())
	require.Contains(b.t, string(body), button)
	address, err := url.Parse(page)
	require.NoError(b.t, err)
	response, err = client.PostForm(page, url.Values{"secret": {address.Query().Get("secret")}, "outcome": {outcome}}) //nolint:noctx // a test
	require.NoError(b.t, err)
	require.NoError(b.t, response.Body.Close())
	require.Equal(b.t, http.StatusSeeOther, response.StatusCode)
	return response.Header.Get("Location")
}

// form sends a request by hand.
func (b *sandbox) form(method, path, form string, header ...string) (*http.Response, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(form))
	require.NoError(b.t, err)
	request.Header.Set("Authorization", "Bearer "+testKey)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.NoError(b.t, response.Body.Close())
	return response, string(body)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := start(t)
	for what, each := range map[string]struct {
		method, path, form string
		header             []string
		status             int
		code               string
	}{
		"a wrong key":             {"GET", "/v1/payment_intents", "", []string{"Authorization", "Bearer sk_test_wrong_key"}, 401, "Invalid API Key provided: sk_test******_key"},
		"no key":                  {"GET", "/v1/payment_intents", "", []string{"Authorization", ""}, 401, "You did not provide an API key"},
		"another version":         {"GET", "/v1/payment_intents", "", []string{"Stripe-Version", "2020-08-27"}, 400, "speaks version"},
		"an unknown address":      {"GET", "/v1/customers", "", nil, 404, "Unrecognized request URL"},
		"an unknown intent":       {"GET", "/v1/payment_intents/pi_none", "", nil, 404, "resource_missing"},
		"an unknown refund":       {"GET", "/v1/refunds/re_none", "", nil, 404, "resource_missing"},
		"no amount":               {"POST", "/v1/payment_intents", "currency=eur", nil, 400, "parameter_missing"},
		"an amount of nothing":    {"POST", "/v1/payment_intents", "amount=0&currency=eur", nil, 400, "parameter_invalid_integer"},
		"an amount with a point":  {"POST", "/v1/payment_intents", "amount=19.99&currency=eur", nil, 400, "parameter_invalid_integer"},
		"a small amount":          {"POST", "/v1/payment_intents", "amount=49&currency=eur", nil, 400, "amount_too_small"},
		"a large amount":          {"POST", "/v1/payment_intents", "amount=100000000&currency=eur", nil, 400, "amount_too_large"},
		"a currency that is none": {"POST", "/v1/payment_intents", "amount=100&currency=e1r", nil, 400, "Invalid currency"},
		"an unknown parameter":    {"POST", "/v1/payment_intents", "amount=100&currency=eur&price=1", nil, 400, "parameter_unknown"},
		"an unknown method":       {"POST", "/v1/payment_intents", "amount=100&currency=eur&payment_method=pm_x", nil, 400, "No such PaymentMethod"},
		"a boolean that is none":  {"POST", "/v1/payment_intents", "amount=100&currency=eur&confirm=yes", nil, 400, "Invalid boolean"},
		"no return_url":           {"POST", "/v1/payment_intents", "amount=100&currency=eur&confirm=true&payment_method=pm_card_visa", nil, 400, "you must provide a `return_url`"},
		"a script as return_url":  {"POST", "/v1/payment_intents", "amount=100&currency=eur&return_url=javascript:alert(1)", nil, 400, "Not a valid URL"},
		"an unknown fault":        {"POST", "/v1/payment_intents", "amount=100&currency=eur&metadata[kassa_fault]=explode", nil, 400, "unknown fault"},
		"a search without sense":  {"GET", "/v1/payment_intents/search?query=order+66", "", nil, 400, "We were unable to parse your search query"},
		"a page too large":        {"GET", "/v1/payment_intents?limit=101", "", nil, 400, "less than or equal to 100"},
		"a long metadata value":   {"POST", "/v1/payment_intents", "amount=100&currency=eur&metadata[a]=" + strings.Repeat("x", 501), nil, 400, "less than 500 characters"},
		"NUL":                     {"POST", "/v1/payment_intents", "amount=100&currency=eur&description=%00", nil, 400, "NUL"},
	} {
		response, body := b.form(each.method, each.path, each.form, each.header...) //nolint:bodyclose // form has closed it
		require.Equal(t, each.status, response.StatusCode, "%s: %s", what, body)
		require.Contains(t, body, each.code, what)
		require.NotEmpty(t, response.Header.Get("Request-Id"), what)
	}
	var found struct{ Intents []IntentView }
	b.sandboxed("GET", "/_sandbox/intents", "", &found)
	require.Empty(t, found.Intents)
}

func TestReturnURLIsNotNeededForCardsAlone(t *testing.T) {
	t.Parallel()
	b := start(t)
	params := order("o1", "pm_card_visa")
	params.ReturnURL, params.PaymentMethodTypes = nil, []*string{stripe.String("card")}
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, b.created(params).Status)
}

func TestFinding(t *testing.T) {
	t.Parallel()
	b := start(t)
	var ids []string
	for _, id := range []string{"o1", "o2", "o1", "o3", "o1"} {
		ids = append(ids, b.created(order(id, "pm_card_visa")).ID)
	}

	t.Run("lists all, newest first, page by page", func(t *testing.T) {
		var listed []string
		params := &stripe.PaymentIntentListParams{}
		params.Limit = stripe.Int64(2)
		for intent, err := range b.stripe.V1PaymentIntents.List(t.Context(), params).All(t.Context()) {
			require.NoError(t, err)
			listed = append(listed, intent.ID)
		}
		require.Equal(t, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}, listed)
	})

	t.Run("searches by metadata and status", func(t *testing.T) {
		search := func(query string) []string {
			found := []string{}
			params := &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: query, Limit: stripe.Int64(2)}}
			params.AddExpand("data.latest_charge")
			for intent, err := range b.stripe.V1PaymentIntents.Search(t.Context(), params).All(t.Context()) {
				require.NoError(t, err)
				require.True(t, intent.LatestCharge.Captured)
				found = append(found, intent.ID)
			}
			return found
		}
		require.Equal(t, []string{ids[4], ids[2], ids[0]}, search(`metadata['order_id']:'o1'`))
		require.Equal(t, []string{ids[1]}, search(`metadata["order_id"]:"o2" AND status:"succeeded"`))
		require.Empty(t, search(`metadata['order_id']:'o2' AND status:'canceled'`))
		require.Empty(t, search(`metadata['order_id']:'o'`))
	})

	t.Run("does not see what is new while search lags", func(t *testing.T) {
		require.Equal(t, http.StatusOK, b.sandboxed("PUT", "/_sandbox/faults", `{"search_lag_ms": 60000}`, nil))
		_, body := b.form("GET", "/v1/payment_intents/search?query="+url.QueryEscape(`metadata['order_id']:'o1'`), "") //nolint:bodyclose // form has closed it
		require.Contains(t, body, `"data":[]`)
		require.Equal(t, http.StatusOK, b.sandboxed("DELETE", "/_sandbox/faults", "", nil))
	})

	t.Run("walks the ledger, which balances", func(t *testing.T) {
		var view LedgerView
		require.Equal(t, http.StatusOK, b.sandboxed("GET", "/_sandbox/ledger", "", &view))
		require.Len(t, view.Entries, 5)
		require.Equal(t, []BalanceView{{"card", "eur", -5 * 1999}, {"merchant", "eur", 5 * 1999}}, view.Balances)
		require.Equal(t, http.StatusOK, b.sandboxed("GET", "/_sandbox/ledger?after=5", "", &view))
		require.Empty(t, view.Entries)
	})

	t.Run("shows charges, events and an overview", func(t *testing.T) {
		charge, err := b.stripe.V1Charges.Retrieve(t.Context(), b.retrieve(ids[0]).LatestCharge.ID, nil)
		require.NoError(t, err)
		require.Equal(t, int64(1999), charge.AmountCaptured)
		events := 0
		for event, err := range b.stripe.V1Events.List(t.Context(), nil).All(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, stripe.EventTypePaymentIntentSucceeded, event.Type)
			events++
		}
		require.Equal(t, 5, events)
		response, body := b.form("GET", "/", "") //nolint:bodyclose // form has closed it
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, body, ids[0])
		require.NotContains(t, body, "https://", "the page loads nothing from outside")
	})
}
