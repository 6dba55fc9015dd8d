package e2e

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

// atTheBank plays the customer on the bank's page (3-D Secure). outcome is
// succeed or fail.
func atTheBank(t *testing.T, orderID uuid.UUID, outcome string) {
	t.Helper()
	payments := intents(t, orderID)
	require.Len(t, payments, 1)
	r := ask{method: http.MethodPost, path: "/_sandbox/payment_intents/" + payments[0].ID + "/authenticate?outcome=" + outcome}.at(t, where.PSP)
	require.Equal(t, http.StatusOK, r.status, r.body)
}

// awaiting checks out with a card whose bank wants to see the customer.
func awaiting(t *testing.T, c *shopper.Customer, wish shopper.Wish) shopper.Answer {
	t.Helper()
	wish.Method = "pm_card_threeDSecure2Required"
	answer := settled(t, c, wish)
	require.Equal(t, http.StatusAccepted, answer.Status, "%+v", answer.Problem)
	require.EqualValues(t, "awaiting_payment", answer.Order.Status)
	require.EqualValues(t, "requires_action", answer.Order.PaymentStatus)
	return answer
}

func TestTheBankMayWantToSeeTheCustomer(t *testing.T) {
	t.Run("who satisfies it and gets the order", func(t *testing.T) {
		item, c := stocked(t, 5), customer(t)
		wish := shopper.Some(item, 2)
		wish.Key = uuid.NewString()
		waiting := awaiting(t, c, wish)
		require.NotNil(t, waiting.Order.ActionUrl)
		require.Contains(t, *waiting.Order.ActionUrl, where.PSP)
		require.EqualValues(t, 3, free(t, item), "the stock is held meanwhile")
		require.Equal(t, account{}, books(t, waiting.OrderID()))

		atTheBank(t, waiting.OrderID(), "succeed")
		order := becomes(t, c, waiting.OrderID(), "confirmed")
		require.EqualValues(t, "captured", order.PaymentStatus)
		require.Nil(t, order.ActionUrl)
		require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))

		wish.Method = "pm_card_threeDSecure2Required"
		again := buy(t, c, wish)
		require.True(t, again.Replayed)
		require.Equal(t, http.StatusCreated, again.Status)
		require.Equal(t, order.Id, again.OrderID())
	})

	t.Run("who fails and gets nothing", func(t *testing.T) {
		item, c := stocked(t, 5), customer(t)
		wish := shopper.One(item)
		wish.Key = uuid.NewString()
		waiting := awaiting(t, c, wish)
		atTheBank(t, waiting.OrderID(), "fail")
		becomes(t, c, waiting.OrderID(), "rejected")
		require.EqualValues(t, 5, free(t, item))
		require.Equal(t, account{}, books(t, waiting.OrderID()))

		wish.Method = "pm_card_threeDSecure2Required"
		told := refused(t, c, wish, http.StatusPaymentRequired, "card_declined")
		require.True(t, told.Replayed)
		require.Equal(t, waiting.OrderID(), told.OrderID())
	})

	t.Run("and a repeat meanwhile is told to wait", func(t *testing.T) {
		c := customer(t)
		wish := shopper.One(stocked(t, 5))
		wish.Key = uuid.NewString()
		waiting, again := awaiting(t, c, wish), awaiting(t, c, wish)
		require.True(t, again.Replayed)
		require.Equal(t, waiting.OrderID(), again.OrderID())
		require.Equal(t, waiting.Order.ActionUrl, again.Order.ActionUrl)
		atTheBank(t, waiting.OrderID(), "fail")
		becomes(t, c, waiting.OrderID(), "rejected")
	})
}
