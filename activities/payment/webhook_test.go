package payment_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86/webhook"

	"kassa/activities/payment"
	"kassa/internal/id"
	"kassa/sandbox/psp/provider"
)

// sign makes a webhook as the provider would.
func sign(payload, secret string, at time.Time) payment.AcceptWebhookInput {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: secret, Timestamp: at})
	return payment.AcceptWebhookInput{Payload: signed.Payload, Signature: signed.Header}
}

// event is the payload of a webhook about an intent.
func event(eventID, typ, intentID string, orderID uuid.UUID) string {
	body, _ := json.Marshal(map[string]any{
		"id": eventID, "object": "event", "type": typ, "api_version": "2019-01-01",
		"data": map[string]any{"object": map[string]any{
			"id": intentID, "object": "payment_intent", "metadata": map[string]string{"order_id": orderID.String()},
		}},
	})
	return string(body)
}

func (c *till) stored() (n int) {
	c.t.Helper()
	require.NoError(c.t, c.pool.QueryRow(c.t.Context(), "SELECT count(*) FROM webhooks").Scan(&n))
	return n
}

func (c *till) outcome(eventID string) (outcome string) {
	c.t.Helper()
	require.NoError(c.t, c.pool.QueryRow(c.t.Context(), "SELECT outcome FROM webhooks WHERE id = $1", eventID).Scan(&outcome))
	return outcome
}

func TestAForgedWebhookLeavesNoTrace(t *testing.T) {
	c := open(t)
	payload := event("evt_forged", "payment_intent.succeeded", "pi_1", id.New())
	good := sign(payload, webhookSecret, time.Now())
	for name, in := range map[string]payment.AcceptWebhookInput{
		"another secret":     sign(payload, "whsec_stolen", time.Now()),
		"yesterday's":        sign(payload, webhookSecret, time.Now().Add(-301*time.Second)),
		"tomorrow's":         sign(payload, webhookSecret, time.Now().Add(310*time.Second)),
		"no signature":       {Payload: []byte(payload)},
		"another body":       {Payload: []byte(strings.Replace(payload, "pi_1", "pi_2", 1)), Signature: good.Signature},
		"another time":       {Payload: []byte(payload), Signature: strings.Replace(good.Signature, "t=1", "t=2", 1)},
		"only the old":       {Payload: []byte(payload), Signature: strings.Replace(good.Signature, "v1=", "v0=", 1)},
		"a header of rubble": {Payload: []byte(payload), Signature: "t=,v1,=,;"},
	} {
		_, err := c.AcceptWebhook(t.Context(), in)
		require.ErrorIs(t, err, payment.ErrWebhookForged, name)
	}
	for _, payload := range []string{"", "no JSON", "[]", "{}", `{"object":"event","id":"","type":"x"}`, `{"object":"charge","id":"ch_1","type":"x"}`} {
		_, err := c.AcceptWebhook(t.Context(), sign(payload, webhookSecret, time.Now()))
		require.ErrorIs(t, err, payment.ErrWebhookUnreadable, payload)
	}
	require.Zero(t, c.stored())
}

func TestAWebhookIsStoredOnceUnderAnyOfOurSecrets(t *testing.T) {
	c := open(t)
	payload := event("evt_1", "payment_intent.created", "pi_1", id.New())
	var coming sync.WaitGroup
	for i := range 50 {
		secret := []string{webhookSecret, "whsec_next"}[i%2]
		coming.Go(func() {
			receipt, err := c.AcceptWebhook(t.Context(), sign(payload, secret, time.Now()))
			require.NoError(t, err)
			require.Equal(t, "evt_1", receipt.ID)
		})
	}
	coming.Wait()
	require.Equal(t, 1, c.stored())
	_, err := c.ApplyWebhooks(t.Context(), payment.ApplyWebhooksInput{})
	require.NoError(t, err)
	require.Equal(t, "ignored", c.outcome("evt_1"))
}

func TestWebhooksTellWhatTheCustomerDid(t *testing.T) {
	for _, each := range []struct {
		method string
		passed bool
		status payment.PaymentStatus
		code   string
		theirs books
	}{
		{challenged, true, payment.StatusCaptured, "", books{Charges: 1, Taken: 1999, Attempts: 1}},
		{challenged, false, payment.StatusFailed, "payment_intent_authentication_failure", books{}},
		{"pm_card_threeDSecureRequiredChargeDeclined", true, payment.StatusFailed, "generic_decline", books{Attempts: 1}},
	} {
		c := open(t)
		in := order(each.method)
		waiting, err := c.AuthorizePayment(t.Context(), in)
		require.NoError(t, err)
		c.authenticate(in.OrderID, each.passed)
		c.apply()
		got, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{PaymentID: waiting.ID})
		require.NoError(t, err)
		require.Equal(t, each.status, got.Status)
		require.Equal(t, each.code, got.DeclineCode)
		require.Empty(t, got.ActionURL)
		require.Equal(t, each.theirs, c.books(in.OrderID))
		var state string
		require.NoError(t, c.pool.QueryRow(t.Context(), "SELECT state FROM attempts").Scan(&state))
		require.NotEqual(t, "requires_action", state)
		c.agree()
	}
}

// authenticate is the customer on the bank's page.
func (c *till) authenticate(orderID uuid.UUID, passed bool) {
	c.t.Helper()
	var intentID string
	require.NoError(c.t, c.provider.QueryRow(c.t.Context(), "SELECT id FROM payment_intents WHERE order_id = $1", orderID.String()).Scan(&intentID))
	outcome := map[bool]string{true: "succeed", false: "fail"}[passed]
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/_sandbox/payment_intents/"+intentID+"/authenticate?outcome="+outcome, http.NoBody)
	require.NoError(c.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	require.NoError(c.t, answer.Body.Close())
	require.Equal(c.t, http.StatusOK, answer.StatusCode)
}

// TestWebhooksInAnyOrder replays the webhooks of a payment's whole life, each
// three times, in every order that comes up.
func TestWebhooksInAnyOrder(t *testing.T) {
	c := open(t)
	in := order(visa, manual)
	_, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	_, err = c.CapturePayment(t.Context(), payment.CapturePaymentInput{OrderID: in.OrderID, CaptureID: id.New()})
	require.NoError(t, err)
	_, err = c.void(in.OrderID)
	require.NoError(t, err)
	c.apply()
	before, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	for round := range 5 {
		c.replay(round)
		c.apply()
	}
	after, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	require.Equal(t, before, after)
	c.agree()
}

// replay sends all that the provider has told three times more, shuffled.
func (c *till) replay(round int) {
	c.t.Helper()
	rows, err := c.provider.Query(c.t.Context(), "SELECT body FROM events, generate_series(1, 3) ORDER BY random()")
	require.NoError(c.t, err)
	defer rows.Close()
	for i := 0; rows.Next(); i++ {
		var body string
		require.NoError(c.t, rows.Scan(&body))
		fresh := strings.Replace(body, `"id":"evt_`, fmt.Sprintf(`"id":"evt_%d_%d_`, round, i), 1)
		_, err := c.AcceptWebhook(c.t.Context(), sign(fresh, webhookSecret, time.Now()))
		require.NoError(c.t, err)
	}
	require.NoError(c.t, rows.Err())
}

func TestWebhooksOfOthers(t *testing.T) {
	c := open(t)
	for eventID, each := range map[string]struct {
		payload string
		outcome string
	}{
		"evt_unmatched": {event("evt_unmatched", "payment_intent.succeeded", "pi_other", id.New()), "unmatched"},
		"evt_nobody":    {strings.Replace(event("evt_nobody", "payment_intent.succeeded", "pi_x", uuid.Nil), `"order_id"`, `"theirs"`, 1), "ignored"},
		"evt_charge":    {`{"id":"evt_charge","object":"event","type":"charge.refunded","data":{"object":{"object":"charge","payment_intent":{"id":"pi_x"}}}}`, ""},
		"evt_strange":   {`{"id":"evt_strange","object":"event","type":"invoice.paid","data":{"object":{"amount":"1.5","metadata":[]}}}`, "ignored"},
		"evt_unheard":   {event("evt_unheard", "radar.early_fraud_warning.created", "pi_x", id.New()), "ignored"},
	} {
		_, err := c.AcceptWebhook(t.Context(), sign(each.payload, webhookSecret, time.Now()))
		require.NoError(t, err)
		_, err = c.ApplyWebhooks(t.Context(), payment.ApplyWebhooksInput{})
		require.NoError(t, err)
		require.Equal(t, each.outcome, c.outcome(eventID), "the first time")
	}
	c.apply() // what might become ours is looked at a few times
	require.Equal(t, "ignored", c.outcome("evt_charge"))
}

func TestWebhooksWaitForTheProviderToComeBack(t *testing.T) {
	c := open(t)
	in := order(challenged)
	_, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	c.authenticate(in.OrderID, true)
	require.Eventually(t, func() bool { return c.stored() >= 2 }, patience, tick)
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "unavailable", Rate: 1, Operations: []string{"retrieve"}}}})
	applied, err := c.ApplyWebhooks(t.Context(), payment.ApplyWebhooksInput{})
	require.NoError(t, err)
	require.Positive(t, applied.Delayed)
	c.faults(provider.FaultSettings{})
	c.apply()
	got, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, got.Status)
	c.agree()
}

// TestKnownWebhooksCostNoRequest: a webhook that repeats an answer is applied
// without a word to the provider.
func TestKnownWebhooksCostNoRequest(t *testing.T) {
	c := open(t)
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "unavailable", Rate: 1, Operations: []string{"retrieve", "list", "search"}}}})
	for range 20 {
		_, err := c.AuthorizePayment(t.Context(), order(visa))
		require.NoError(t, err)
	}
	c.apply()
	var outcomes string
	require.NoError(t, c.pool.QueryRow(t.Context(), "SELECT string_agg(DISTINCT outcome, ',' ORDER BY outcome) FROM webhooks WHERE type = 'payment_intent.succeeded'").Scan(&outcomes))
	require.Equal(t, "known", outcomes)
	c.agree()
}
