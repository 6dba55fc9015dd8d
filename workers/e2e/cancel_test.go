package e2e

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

func TestAnOrderCanBeCancelled(t *testing.T) {
	t.Run("when it was paid: the money and the stock go back", func(t *testing.T) {
		item, c := stocked(t, 4), customer(t)
		order := bought(t, c, shopper.Some(item, 3))
		cancelled, err := c.Cancel(t.Context(), order.Id, "ordered twice")
		require.NoError(t, err)
		require.EqualValues(t, "cancelled", cancelled.Status)
		require.EqualValues(t, "refunded", cancelled.PaymentStatus)
		require.EqualValues(t, 4, free(t, item))
		require.Equal(t, account{charges: 1, returned: order.Total.Amount}, books(t, order.Id))

		again, err := c.Cancel(t.Context(), order.Id, "once more")
		require.NoError(t, err)
		require.EqualValues(t, "cancelled", again.Status)
		require.Equal(t, account{charges: 1, returned: order.Total.Amount}, books(t, order.Id))
	})

	t.Run("when its money is only held: it is let go", func(t *testing.T) {
		item, c := stocked(t, 4), customer(t)
		wish := shopper.One(item)
		wish.Capture = "manual"
		order := bought(t, c, wish)
		cancelled, err := c.Cancel(t.Context(), order.Id, "")
		require.NoError(t, err)
		require.EqualValues(t, "voided", cancelled.PaymentStatus)
		require.EqualValues(t, 4, free(t, item))
		require.Equal(t, account{charges: 1}, books(t, order.Id))
	})

	t.Run("while it waits for the bank: it is rejected", func(t *testing.T) {
		item, c := stocked(t, 4), customer(t)
		wish := shopper.One(item)
		wish.Key = uuid.NewString()
		waiting := awaiting(t, c, wish)
		cancelled, err := c.Cancel(t.Context(), waiting.OrderID(), "changed my mind")
		require.NoError(t, err)
		require.EqualValues(t, "rejected", cancelled.Status)
		becomesFree(t, item, 4)
		require.Equal(t, account{}, books(t, waiting.OrderID()))
		require.Equal(t, "canceled", intents(t, waiting.OrderID())[0].Status, "and the bank's page is closed")

		wish.Method = "pm_card_threeDSecure2Required"
		told := refused(t, c, wish, http.StatusConflict, "order_cancelled")
		require.Equal(t, waiting.OrderID(), told.OrderID())
	})

	t.Run("but not when it never came about", func(t *testing.T) {
		c := customer(t)
		wish := shopper.One(stocked(t, 4))
		wish.Method = "pm_card_visa_chargeDeclined"
		told := refused(t, c, wish, http.StatusPaymentRequired, "card_declined")
		_, err := c.Cancel(t.Context(), told.OrderID(), "")
		var no *shopper.Refusal
		require.ErrorAs(t, err, &no)
		require.Equal(t, http.StatusConflict, no.Status)
		require.Equal(t, "order_closed", no.Problem.Code)
	})

	t.Run("and by nobody else", func(t *testing.T) {
		order := bought(t, customer(t), shopper.One(stocked(t, 4)))
		_, err := customer(t).Cancel(t.Context(), order.Id, "")
		var no *shopper.Refusal
		require.ErrorAs(t, err, &no)
		require.Equal(t, http.StatusNotFound, no.Status)
	})
}
