package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/sandbox/shopper"
)

func TestOneKeyIsOneOrder(t *testing.T) {
	item, c := stocked(t, 100), customer(t)
	wish := shopper.One(item)
	wish.Key = uuid.NewString()
	first := bought(t, c, wish)

	t.Run("a repeat is answered the same", func(t *testing.T) {
		again := buy(t, c, wish)
		require.True(t, again.Replayed)
		require.Equal(t, http.StatusCreated, again.Status)
		require.Equal(t, first, *again.Order)
	})
	t.Run("another body is refused", func(t *testing.T) {
		other := shopper.Some(item, 2)
		other.Key = wish.Key
		refused(t, c, other, http.StatusUnprocessableEntity, "idempotency_key_reused")
	})
	t.Run("a replay needs no valid price", func(t *testing.T) {
		stale := eur(1)
		other := shopper.One(item)
		other.Key, other.Expected = wish.Key, &stale
		refused(t, c, other, http.StatusUnprocessableEntity, "idempotency_key_reused")
	})
	t.Run("another customer's is another", func(t *testing.T) {
		other := bought(t, customer(t), wish)
		require.NotEqual(t, first.Id, other.Id)
	})
	require.EqualValues(t, 98, free(t, item))
	require.Equal(t, account{charges: 1, taken: first.Total.Amount}, books(t, first.Id))
}

func TestOneKeyManyTimesAtOnceIsOneOrder(t *testing.T) {
	const requests = 50
	item, c := stocked(t, 100), customer(t)
	wish := shopper.One(item)
	wish.Key = uuid.NewString()
	answers, errs := make([]shopper.Answer, requests), make([]error, requests)
	ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
	defer cancel()
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() { answers[i], errs[i] = c.Insist(ctx, wish) })
	}
	all.Wait()
	first := 0
	for i, answer := range answers {
		require.NoError(t, errs[i])
		require.Equal(t, http.StatusCreated, answer.Status, "%+v", answer.Problem)
		require.Equal(t, answers[0].Order.Id, answer.Order.Id)
		if !answer.Replayed {
			first++
		}
	}
	require.LessOrEqual(t, first, 1)
	require.EqualValues(t, 99, free(t, item))
	require.Equal(t, 1, books(t, answers[0].Order.Id).charges)
	orders := database(t, "orders")
	require.Equal(t, 1, scalar[int](t, orders, "SELECT count(*) FROM orders WHERE user_id = $1", c.ID))
}
