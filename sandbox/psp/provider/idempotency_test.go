package provider

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()

	t.Run("replay the reply to the same request", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		first := b.created(keyed(order("o1", "pm_card_visa"), "k1"))
		again := b.created(keyed(order("o1", "pm_card_visa"), "k1"))
		require.Equal(t, first.LastResponse.RawJSON, again.LastResponse.RawJSON)
		require.Empty(t, first.LastResponse.Header.Get("Idempotent-Replayed"))
		require.Equal(t, "true", again.LastResponse.Header.Get("Idempotent-Replayed"))
		require.Equal(t, first.LastResponse.RequestID, again.LastResponse.Header.Get("Original-Request"))
		require.Len(t, b.of("o1"), 1)
		b.hears("payment_intent.succeeded")
	})

	t.Run("replay a decline too", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		for range 2 {
			_, err := b.create(keyed(order("o1", "pm_card_visa_chargeDeclined"), "k1"))
			require.Equal(t, stripe.ErrorCodeCardDeclined, refusedAs(t, err).Code)
		}
		require.Len(t, b.of("o1"), 1)
	})

	t.Run("refuse other parameters and other endpoints", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(keyed(manual(order("o1", "pm_card_visa")), "k1"))
		_, err := b.create(keyed(order("o1", "pm_card_visa"), "k1"))
		refused := refusedAs(t, err)
		require.Equal(t, http.StatusBadRequest, refused.HTTPStatusCode)
		require.Equal(t, stripe.ErrorTypeIdempotency, refused.Type)
		capture := &stripe.PaymentIntentCaptureParams{}
		capture.SetIdempotencyKey("k1")
		_, err = b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, capture)
		require.Equal(t, stripe.ErrorTypeIdempotency, refusedAs(t, err).Type)
		require.Len(t, b.of("o1"), 1)
	})

	t.Run("cover capture, cancel and refund", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(manual(order("o1", "pm_card_visa")))
		for range 2 {
			params := &stripe.PaymentIntentCaptureParams{}
			params.SetIdempotencyKey("capture")
			captured, err := b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, params)
			require.NoError(t, err)
			require.Equal(t, stripe.PaymentIntentStatusSucceeded, captured.Status)
		}
		var refunds []string
		for range 2 {
			params := &stripe.RefundCreateParams{PaymentIntent: &intent.ID, Amount: stripe.Int64(100)}
			params.SetIdempotencyKey("refund")
			refund, err := b.stripe.V1Refunds.Create(t.Context(), params)
			require.NoError(t, err)
			refunds = append(refunds, refund.ID)
		}
		require.Equal(t, refunds[0], refunds[1])
		require.Equal(t, int64(100), b.of("o1")[0].AmountRefunded)
		for range 2 { // a refusal for the state is kept as well
			params := &stripe.PaymentIntentCancelParams{}
			params.SetIdempotencyKey("cancel")
			_, err := b.stripe.V1PaymentIntents.Cancel(t.Context(), intent.ID, params)
			require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, refusedAs(t, err).Code)
		}
	})

	t.Run("forget requests that were invalid", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		params := keyed(order("o1", "pm_card_visa"), "k1")
		params.Amount = stripe.Int64(1)
		_, err := b.create(params)
		require.Equal(t, stripe.ErrorCodeAmountTooSmall, refusedAs(t, err).Code)
		b.created(keyed(order("o1", "pm_card_visa"), "k1"))
	})

	t.Run("answer 409 while the first is at work", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		_, err := b.stripe.V1PaymentIntents.Create(within(t, 3*time.Second), faulty(keyed(order("o1", "pm_card_visa"), "k1"), "latency:8000"))
		require.True(t, isTimeout(err), "%v", err)
		_, err = b.create(faulty(keyed(order("o1", "pm_card_visa"), "k1"), "latency:8000"))
		refused := refusedAs(t, err)
		require.Equal(t, http.StatusConflict, refused.HTTPStatusCode)
		require.Equal(t, stripe.ErrorCodeIdempotencyKeyInUse, refused.Code)
		require.Empty(t, b.of("o1"), "the first one sleeps")
		require.Eventually(t, func() bool { // its caller has gone; it works all the same
			intent, err := b.create(faulty(keyed(order("o1", "pm_card_visa"), "k1"), "latency:8000"))
			return err == nil && intent.Status == stripe.PaymentIntentStatusSucceeded
		}, 30*time.Second, 20*time.Millisecond)
		require.Len(t, b.of("o1"), 1)
	})

	t.Run("charge once for 50 at the same time", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		var wait sync.WaitGroup
		var paid, busy atomic.Int32
		for range 50 {
			wait.Go(func() {
				_, err := b.create(keyed(order("o1", "pm_card_visa"), "k1"))
				switch {
				case err == nil:
					paid.Add(1)
				case refusedAs(t, err).HTTPStatusCode == http.StatusConflict:
					busy.Add(1)
				}
			})
		}
		wait.Wait()
		require.Equal(t, int32(50), paid.Load()+busy.Load())
		require.Positive(t, paid.Load())
		require.Len(t, b.of("o1"), 1)
	})

	t.Run("are forgotten when told to", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.created(keyed(order("o1", "pm_card_visa"), "k1"))
		require.Equal(t, http.StatusOK, b.sandboxed("DELETE", "/_sandbox/idempotency_keys", "", nil))
		b.created(keyed(order("o1", "pm_card_visa"), "k1"))
		require.Len(t, b.of("o1"), 2)
	})
}
