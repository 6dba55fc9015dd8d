package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

func TestTheProviderMayMisbehave(t *testing.T) {
	for _, c := range []struct{ name, fault string }{
		{"and cut the connection before it has charged", once("drop_request", "create")},
		{"and cut the connection after it has charged", once("drop_reply", "create")},
		{"and fail before it has charged", once("error", "create")},
		{"and fail after it has charged", once("error_after_commit", "create")},
		{"and be out before it has charged", times(2, "unavailable", "create")},
		{"and be out after it has charged", once("unavailable_after_commit", "create")},
		{"and ask for patience", times(2, "rate_limit", "create")},
		{"and forget what it has charged", once("drop_reply", "create") + "," + once("forget_key", "create")},
		{"and charge later", once("late_success:1500", "create")},
	} {
		t.Run(c.name, func(t *testing.T) {
			item, buyer := stocked(t, 5), customer(t)
			misbehave(t, c.fault)
			answer := insist(t, buyer, shopper.Some(item, 2))
			require.Equal(t, http.StatusCreated, answer.Status, "%+v", answer.Problem)
			require.Equal(t, account{charges: 1, taken: answer.Order.Total.Amount}, books(t, answer.OrderID()), "charged once")
			require.EqualValues(t, 3, free(t, item))
		})
	}

	t.Run("and decline later", func(t *testing.T) {
		item, buyer := stocked(t, 5), customer(t)
		misbehave(t, once("late_decline:1000", "create"))
		answer := insist(t, buyer, shopper.Some(item, 2))
		require.Equal(t, http.StatusPaymentRequired, answer.Status, "%+v", answer)
		require.Equal(t, account{}, books(t, answer.OrderID()))
		becomesFree(t, item, 5)
	})

	t.Run("and say nothing", func(t *testing.T) {
		item, buyer := stocked(t, 9), customer(t)
		paid := bought(t, buyer, shopper.One(item))
		// The first charges and is silent, the second does nothing and is silent, the
		// third gives money back and is silent. Each takes as long as we are patient.
		answers := make([]shopper.Answer, 2)
		var all sync.WaitGroup
		for i, fault := range []string{"silent", "hang"} {
			misbehave(t, once(fault, "create"))
			all.Go(func() { answers[i] = insist(t, buyer, shopper.Some(item, 2)) })
			fired(t)
		}
		misbehave(t, once("silent", "refund"))
		all.Go(func() {
			_, err := buyer.Cancel(t.Context(), paid.Id, "")
			require.NoError(t, err)
		})
		fired(t)
		all.Wait()
		for _, answer := range answers {
			require.Equal(t, http.StatusCreated, answer.Status, "%+v", answer.Problem)
			require.Equal(t, account{charges: 1, taken: answer.Order.Total.Amount}, books(t, answer.OrderID()), "charged once")
		}
		becomes(t, buyer, paid.Id, "cancelled")
		require.Equal(t, account{charges: 1, returned: paid.Total.Amount}, books(t, paid.Id), "given back once")
		require.EqualValues(t, 5, free(t, item))
	})
}

// fired waits until the provider has met the fault that was asked for.
func fired(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		r := ask{method: http.MethodGet, path: "/_sandbox/faults"}.at(t, where.PSP)
		return r.status == http.StatusOK && strings.Contains(r.body, `"fired":1`)
	}, soon, often)
}

func TestWebhooksMayComeAsTheyLike(t *testing.T) {
	for _, c := range []struct{ name, fault string }{
		{"twice", `{"fault":"webhook_duplicate","rate":1}`},
		{"in any order", `{"fault":"webhook_reorder:500","rate":1}`},
		{"before the answer", `{"fault":"webhook_first","rate":1}`},
		{"never", `{"fault":"webhook_lose","rate":1}`},
	} {
		t.Run(c.name+", a purchase is a purchase", func(t *testing.T) {
			item, buyer := stocked(t, 5), customer(t)
			misbehave(t, c.fault)
			order := bought(t, buyer, shopper.One(item))
			require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))
		})
	}
	for _, c := range []struct{ name, fault string }{
		{"twice", `{"fault":"webhook_duplicate","rate":1}`},
		{"late", `{"fault":"webhook_delay:1000","rate":1}`},
	} {
		t.Run(c.name+", the bank's yes is heard", func(t *testing.T) {
			item, buyer := stocked(t, 5), customer(t)
			misbehave(t, c.fault)
			waiting := awaiting(t, buyer, shopper.One(item))
			atTheBank(t, waiting.OrderID(), "succeed")
			order := becomes(t, buyer, waiting.OrderID(), "confirmed")
			require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))
		})
	}

	t.Run("forged, they change nothing", func(t *testing.T) {
		buyer := customer(t)
		waiting := awaiting(t, buyer, shopper.One(stocked(t, 5)))
		payments := database(t, "payments")
		body := `{"id":"evt_forged` + uuid.NewString() + `","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"` +
			intents(t, waiting.OrderID())[0].ID + `","object":"payment_intent","status":"succeeded","metadata":{"order_id":"` + waiting.OrderID().String() + `"}}}}`
		for _, signature := range []string{"", "t=1,v1=00", "nonsense"} {
			r := ask{method: http.MethodPost, path: "/api/v1/webhooks/stripe", body: body, header: map[string]string{"Stripe-Signature": signature}}.gateway(t)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity}, r.status, r.body)
			r.problem(t, r.status)
		}
		require.Zero(t, scalar[int](t, payments, "SELECT count(*) FROM webhooks WHERE id LIKE 'evt_forged%'"))
		order, err := buyer.Order(t.Context(), waiting.OrderID())
		require.NoError(t, err)
		require.EqualValues(t, "awaiting_payment", order.Status)
		atTheBank(t, waiting.OrderID(), "fail")
		becomes(t, buyer, waiting.OrderID(), "rejected")
	})
}
