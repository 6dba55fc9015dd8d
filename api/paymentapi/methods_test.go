package paymentapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/id"
	"kassa/internal/money"
)

// order asks for a payment of the owner by a method.
func (c *counter) order(method string) payment.Payment {
	c.t.Helper()
	got, err := c.AuthorizePayment(c.t.Context(), payment.AuthorizePaymentInput{
		OrderID: id.New(), UserID: c.owner, Amount: money.New(4298, "EUR"), PaymentMethod: method, Capture: payment.CaptureAutomatic,
	})
	require.NoError(c.t, err)
	return got
}

func TestAnotherMethodOverHTTP(t *testing.T) {
	c := open(t)
	waiting := c.order("pm_card_threeDSecure2Required")
	body := func(method string) string {
		return `{"order_id":"` + waiting.OrderID.String() + `","payment_method":"` + method + `"}`
	}
	c.refused(c.call("owner", "POST", "/v1/payments", body("pm_card_visa")), 400, "idempotency_key_required")
	c.refused(c.call("stranger", "POST", "/v1/payments", body("pm_card_visa"), "Idempotency-Key", "k"), 404, "payment_not_found")
	changed := c.call("owner", "POST", "/v1/payments", body("bank_transfer"), "Idempotency-Key", "k-1")
	require.Equal(t, 200, changed.status, changed.raw)
	require.Equal(t, "requires_action", changed.body["status"])
	require.Equal(t, "bank_transfer", changed.body["provider"])
	require.InDelta(t, 604800, changed.body["await_seconds"], 0)
	require.Len(t, changed.body["reference"], 10)
	declined := c.call("owner", "POST", "/v1/payments", body("pm_card_visa_chargeDeclined"), "Idempotency-Key", "k-2")
	c.refused(declined, 402, "card_declined")
	require.Equal(t, "generic_decline", declined.body["decline_code"])
	c.refused(c.call("owner", "POST", "/v1/payments", body("pm_card_visa"), "Idempotency-Key", "k-3"), 409, "payment_not_awaiting")
}

func TestMarkReceivedOverHTTP(t *testing.T) {
	c := open(t)
	waiting := c.order("bank_transfer")
	path := "/v1/payments/" + waiting.ID.String() + "/mark-received"
	c.refused(c.call("admin", "POST", path, `{"amount":{"amount":4297,"currency":"EUR"}}`), 409, "transfer_differs")
	c.refused(c.call("admin", "POST", path, `{"amount":{"amount":4298,"currency":"USD"}}`), 409, "transfer_differs")
	c.refused(c.call("admin", "POST", path, `{}`), 422, "validation_failed")
	c.refused(c.call("admin", "POST", path, `{"amount":{"amount":4298,"currency":"EUR"},"reference":"`+strings.Repeat("x", 141)+`"}`), 422, "validation_failed")
	for range 2 {
		got := c.call("admin", "POST", path, `{"amount":{"amount":4298,"currency":"EUR"},"reference":"`+waiting.Reference+`"}`)
		require.Equal(t, 200, got.status, got.raw)
		require.Equal(t, "captured", got.body["status"])
	}
	c.refused(c.call("admin", "POST", "/v1/payments/"+id.New().String()+"/mark-received", `{"amount":{"amount":1,"currency":"EUR"}}`), 404, "payment_not_found")
}

func TestCaptureInPartsOverHTTP(t *testing.T) {
	c := open(t)
	held := c.pay(payment.CaptureManual)
	path := "/v1/payments/" + held.ID.String() + "/capture"
	part := c.call("support", "POST", path, `{"amount":{"amount":1000,"currency":"EUR"},"final":false}`, "Idempotency-Key", "k-1")
	require.Equal(t, 200, part.status, part.raw)
	require.Equal(t, "authorized", part.body["status"])
	require.Equal(t, map[string]any{"amount": 1000.0, "currency": "EUR"}, part.body["captured"])
	rest := c.call("support", "POST", path, `{}`, "Idempotency-Key", "k-2")
	require.Equal(t, 200, rest.status, rest.raw)
	require.Equal(t, "captured", rest.body["status"])
	require.Equal(t, map[string]any{"amount": 4298.0, "currency": "EUR"}, rest.body["captured"])
	history := c.call("owner", "GET", "/v1/payments/"+held.ID.String()+"/transactions", "").body["data"].([]any)
	require.Len(t, history, 3)
	require.Len(t, history[1].(map[string]any)["capture_id"], 36)
}

func TestFiltersOfThePayments(t *testing.T) {
	c := open(t)
	taken, held, transfer := c.pay(payment.CaptureAutomatic), c.pay(payment.CaptureManual), c.order("bank_transfer")
	_, err := c.RefundPayment(t.Context(), payment.RefundPaymentInput{OrderID: taken.OrderID, RefundID: id.New(), Amount: money.New(98, "EUR")})
	require.NoError(t, err)
	_, err = c.SealLedger(t.Context(), payment.SealLedgerInput{})
	require.NoError(t, err)
	all := []string{transfer.ID.String(), held.ID.String(), taken.ID.String()}
	hour := url.QueryEscape(time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	for query, want := range map[string][]string{
		"user_id=" + c.owner.String():        all,
		"user_id=" + id.New().String():       nil,
		"status=captured":                    {taken.ID.String()},
		"status=authorized&currency=EUR":     {held.ID.String()},
		"status=authorized&currency=USD":     nil,
		"provider=bank_transfer":             {transfer.ID.String()},
		"provider=card&created_from=" + hour: {held.ID.String(), taken.ID.String()},
		"created_to=" + hour:                 nil,
		"order_id=" + held.OrderID.String():  {held.ID.String()},
	} {
		require.Equal(t, want, c.leaf("support", "/v1/payments?limit=1&"+query, "id"), query)
	}
	for query, want := range map[string][]string{
		"kind=refunded":                     {taken.ID.String()},
		"account=card_holds":                {held.ID.String()},
		"account=provider_clearing":         {taken.ID.String(), taken.ID.String()},
		"account=bank_account":              nil,
		"currency=USD":                      nil,
		"currency=EUR&created_from=" + hour: {taken.ID.String(), held.ID.String(), taken.ID.String()},
		"created_to=" + hour:                nil,
	} {
		require.Equal(t, want, c.leaf("admin", "/v1/ledger/entries?limit=1&"+query, "payment_id"), query)
	}
	for _, path := range []string{
		"/v1/payments?status=paid", "/v1/payments?provider=cash", "/v1/payments?currency=eur", "/v1/payments?created_from=yesterday",
		"/v1/ledger/entries?kind=x", "/v1/ledger/entries?account=A", "/v1/ledger/accounts?currency=euro",
	} {
		c.refused(c.call("admin", "GET", path, ""), 422, "validation_failed")
	}
	cursor := c.call("support", "GET", "/v1/payments?limit=1&provider=card", "").body["next_cursor"].(string)
	c.refused(c.call("support", "GET", "/v1/payments?limit=1&cursor="+cursor, ""), 422, "invalid_cursor")
	require.Empty(t, c.call("admin", "GET", "/v1/ledger/accounts?currency=USD", "").body["data"])
	require.Len(t, c.call("admin", "GET", "/v1/ledger/accounts?currency=EUR", "").body["data"], 4)
}
