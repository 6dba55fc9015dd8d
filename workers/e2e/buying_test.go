package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/api/client"
	"kassa/sandbox/shopper"
)

// buy checks out and expects an answer.
func buy(t *testing.T, c *shopper.Customer, wish shopper.Wish) shopper.Answer {
	t.Helper()
	answer, err := c.Buy(t.Context(), wish)
	require.NoError(t, err)
	return answer
}

// settled checks out, and again with the same key while the platform is busy (503)
// or has no outcome yet (202).
func settled(t *testing.T, c *shopper.Customer, wish shopper.Wish) shopper.Answer {
	t.Helper()
	if wish.Key == "" {
		wish.Key = uuid.NewString()
	}
	var answer shopper.Answer
	require.Eventually(t, func() bool {
		answer = buy(t, c, wish)
		return answer.Definite() || answer.Status != http.StatusServiceUnavailable && answer.Status != http.StatusAccepted
	}, 2*soon, often, "%s", lazily(func() string { return fmt.Sprintf("%+v", answer) }))
	return answer
}

// bought checks out and expects a confirmed order.
func bought(t *testing.T, c *shopper.Customer, wish shopper.Wish) client.Order {
	t.Helper()
	answer := settled(t, c, wish)
	require.Equal(t, http.StatusCreated, answer.Status, "%+v", answer.Problem)
	return *answer.Order
}

// refused checks out and expects a problem.
func refused(t *testing.T, c *shopper.Customer, wish shopper.Wish, status int, code string) shopper.Answer {
	t.Helper()
	answer := settled(t, c, wish)
	require.Equal(t, status, answer.Status, "%+v", answer)
	require.NotNil(t, answer.Problem)
	require.Equal(t, code, answer.Problem.Code)
	return answer
}

// insist checks out as a good client does and expects a definite answer.
func insist(t *testing.T, c *shopper.Customer, wish shopper.Wish) shopper.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
	defer cancel()
	answer, err := c.Insist(ctx, wish)
	require.NoError(t, err)
	return answer
}

func TestACustomerBuys(t *testing.T) {
	item, c := stocked(t, 10), customer(t)
	order := bought(t, c, shopper.Some(item, 3))
	require.EqualValues(t, "confirmed", order.Status)
	require.EqualValues(t, "captured", order.PaymentStatus)
	require.Equal(t, c.ID, order.UserId)
	require.Equal(t, eur(3*1899), order.Subtotal)
	require.EqualValues(t, 7, free(t, item))
	require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))

	read, err := c.Order(t.Context(), order.Id)
	require.NoError(t, err)
	require.Equal(t, order.Number, read.Number)
	require.EqualValues(t, "confirmed", read.Status)

	history, err := c.Timeline(t.Context(), order.Id)
	require.NoError(t, err)
	var happened []string
	for _, entry := range history.Entries {
		happened = append(happened, entry.Type)
	}
	require.Equal(t, []string{"order.created", "order.confirmed"}, happened)
}

func TestThePriceIsTheShops(t *testing.T) {
	item, c := stocked(t, 10), customer(t)
	wish := shopper.One(item)
	wish.Expected = &client.Money{Amount: 1, Currency: "EUR"}
	told := refused(t, c, wish, http.StatusConflict, "price_changed")
	total, _ := told.Problem.AdditionalProperties["total"].(map[string]any)
	require.Equal(t, map[string]any{"amount": 2398.0, "currency": "EUR"}, total, "1899 and 499 for shipping")
	require.EqualValues(t, 10, free(t, item))

	expected := eur(2398)
	wish.Key, wish.Expected = "", &expected
	require.Equal(t, expected, bought(t, c, wish).Total)
}

func TestADeclinedCardLeavesNothingBehind(t *testing.T) {
	for method, code := range map[string]string{
		"pm_card_visa_chargeDeclined":                  "generic_decline",
		"pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
		"pm_card_chargeDeclinedExpiredCard":            "expired_card",
	} {
		t.Run(code, func(t *testing.T) {
			item, c := stocked(t, 2), customer(t)
			wish := shopper.Some(item, 2)
			wish.Method, wish.Key = method, uuid.NewString()
			told := refused(t, c, wish, http.StatusPaymentRequired, "card_declined")
			require.Equal(t, code, told.Problem.AdditionalProperties["decline_code"])
			require.EqualValues(t, 2, free(t, item))
			require.Equal(t, account{}, books(t, told.OrderID()))

			order, err := c.Order(t.Context(), told.OrderID())
			require.NoError(t, err)
			require.EqualValues(t, "rejected", order.Status)
			require.EqualValues(t, "none", order.PaymentStatus)

			again := buy(t, c, wish)
			require.True(t, again.Replayed)
			require.Equal(t, http.StatusPaymentRequired, again.Status)
			require.Equal(t, told.OrderID(), again.OrderID())
		})
	}
}

func TestMoreThanThereIsCannotBeBought(t *testing.T) {
	item, other, c := stocked(t, 3), stocked(t, 3), customer(t)
	wish := shopper.Wish{Lines: []client.CheckoutLine{{VariantId: other.VariantID, Quantity: 1}, {VariantId: item.VariantID, Quantity: 4}}}
	told := refused(t, c, wish, http.StatusConflict, "out_of_stock")
	require.Equal(t, []any{map[string]any{"variant_id": item.VariantID.String(), "requested": 4.0, "available": 3.0}}, told.Problem.AdditionalProperties["lines"])
	require.EqualValues(t, 3, free(t, item))
	require.EqualValues(t, 3, free(t, other), "all lines or none")
	require.Empty(t, intents(t, told.OrderID()), "the provider was not even asked")
}

func TestTheLastUnitIsSoldOnce(t *testing.T) {
	const buyers = 50
	item := stocked(t, 1)
	crowd := make([]*shopper.Customer, 10)
	for i := range crowd {
		crowd[i] = customer(t)
	}
	answers, errs := make([]shopper.Answer, buyers), make([]error, buyers)
	ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
	defer cancel()
	var all sync.WaitGroup
	for i := range buyers {
		all.Go(func() {
			answers[i], errs[i] = crowd[i%len(crowd)].Insist(ctx, shopper.One(item))
		})
	}
	all.Wait()
	counts := map[int]int{}
	for i, answer := range answers {
		require.NoError(t, errs[i])
		counts[answer.Status]++
		if answer.Problem != nil {
			require.Equal(t, "out_of_stock", answer.Problem.Code)
			require.Empty(t, intents(t, answer.OrderID()), "no money is held for the rest")
		}
	}
	require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusConflict: buyers - 1}, counts)
	level, err := shop.Level(t.Context(), item)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1, 0}, []int64{level.OnHand, level.Reserved, level.Available})
}

func TestMoneyMayWaitForShipping(t *testing.T) {
	item, c := stocked(t, 5), customer(t)
	wish := shopper.One(item)
	wish.Capture = "manual"
	order := bought(t, c, wish)
	require.EqualValues(t, "authorized", order.PaymentStatus)
	require.Equal(t, account{charges: 1, held: order.Total.Amount}, books(t, order.Id))

	capture := ask{
		method: http.MethodPost, path: "/api/v1/payments/" + order.PaymentId.String() + "/capture", body: "{}", token: tokenOf(t, shop.Admin()),
		header: map[string]string{"Idempotency-Key": uuid.NewString()},
	}
	for range 2 {
		r := capture.gateway(t)
		require.Equal(t, http.StatusOK, r.status, r.body)
		require.Equal(t, "captured", r.members(t)["status"])
		require.Equal(t, account{charges: 1, taken: order.Total.Amount}, books(t, order.Id))
	}
}

func TestLinesCanBeOrderedDirectly(t *testing.T) {
	item, c := stocked(t, 5), customer(t)
	place := ask{
		method: http.MethodPost, path: "/api/v1/orders", body: spoiled(item.VariantID, "QUANTITY", "2"), token: tokenOf(t, c),
		header: map[string]string{"Idempotency-Key": uuid.NewString()},
	}
	r := place.settled(t)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	order := r.members(t)
	require.Equal(t, "confirmed", order["status"])
	require.Equal(t, "/api/v1/orders/"+order["id"].(string), r.header.Get("Location"))
	require.Equal(t, order["id"], ask{method: http.MethodGet, path: r.header.Get("Location"), token: place.token}.gateway(t).members(t)["id"])
	require.EqualValues(t, 3, free(t, item))
}
