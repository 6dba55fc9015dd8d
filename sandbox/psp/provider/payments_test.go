package provider

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

func TestSpeaksTheVersionOfTheClient(t *testing.T) {
	require.Equal(t, stripe.APIVersion, apiVersion)
}

func TestPayments(t *testing.T) {
	t.Parallel()

	t.Run("takes the money at once", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		params := order("o1", "pm_card_visa")
		params.AddExpand("latest_charge")
		intent := b.created(params)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, intent.Status)
		require.Equal(t, int64(1999), intent.AmountReceived)
		require.Equal(t, stripe.Currency("eur"), intent.Currency)
		require.Equal(t, map[string]string{"order_id": "o1"}, intent.Metadata)
		require.True(t, intent.LatestCharge.Captured)
		require.Equal(t, "4242", intent.LatestCharge.PaymentMethodDetails.Card.Last4)
		require.Equal(t, intent.LatestCharge.ID, b.retrieve(intent.ID).LatestCharge.ID)
		require.Equal(t, []string{"charge card>merchant 1999"}, movements(b.of("o1")[0]))
		b.hears("payment_intent.succeeded")
	})

	t.Run("holds, then captures a part and releases the rest", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(manual(order("o1", "pm_card_visa")))
		require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, intent.Status)
		require.Equal(t, int64(1999), intent.AmountCapturable)
		require.Zero(t, intent.AmountReceived)

		_, err := b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(2000)})
		require.Equal(t, http.StatusBadRequest, refusedAs(t, err).HTTPStatusCode)
		intent, err = b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(1500)})
		require.NoError(t, err)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, intent.Status)
		require.Equal(t, int64(1500), intent.AmountReceived)
		_, err = b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, nil)
		require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, refusedAs(t, err).Code)
		require.Equal(t, []string{
			"authorize card>held 1999", "capture held>merchant 1500", "release held>card 499",
		}, movements(b.of("o1")[0]))
		b.hears("payment_intent.amount_capturable_updated", "payment_intent.succeeded")
	})

	t.Run("releases what it held when canceled, once", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(manual(order("o1", "pm_card_visa")))
		canceled, err := b.stripe.V1PaymentIntents.Cancel(t.Context(), intent.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
		require.NoError(t, err)
		require.Equal(t, stripe.PaymentIntentStatusCanceled, canceled.Status)
		require.Zero(t, canceled.AmountCapturable)
		require.NotZero(t, canceled.CanceledAt)
		_, err = b.stripe.V1PaymentIntents.Cancel(t.Context(), intent.ID, nil)
		require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, refusedAs(t, err).Code)
		require.Equal(t, []string{"authorize card>held 1999", "release held>card 1999"}, movements(b.of("o1")[0]))
		b.hears("payment_intent.amount_capturable_updated", "payment_intent.canceled")
	})

	t.Run("does not cancel what succeeded", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_visa"))
		_, err := b.stripe.V1PaymentIntents.Cancel(t.Context(), intent.ID, nil)
		refused := refusedAs(t, err)
		require.Equal(t, http.StatusBadRequest, refused.HTTPStatusCode)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, refused.PaymentIntent.Status)
	})

	t.Run("is created first and confirmed later", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		params := order("o1", "pm_card_visa")
		params.Confirm, params.PaymentMethod = nil, nil
		intent := b.created(params)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, intent.Status)
		require.Empty(t, b.of("o1")[0].Ledger)
		intent, err := b.stripe.V1PaymentIntents.Confirm(t.Context(), intent.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_mastercard")})
		require.NoError(t, err)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, intent.Status)
		_, err = b.stripe.V1PaymentIntents.Confirm(t.Context(), intent.ID, nil)
		require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, refusedAs(t, err).Code)
	})
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	b := start(t)
	for method, want := range map[string]struct {
		code   stripe.ErrorCode
		reason stripe.DeclineCode
	}{
		"pm_card_visa_chargeDeclined":                  {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {"card_declined", "insufficient_funds"},
		"pm_card_visa_chargeDeclinedLostCard":          {"card_declined", "lost_card"},
		"pm_card_visa_chargeDeclinedStolenCard":        {"card_declined", "stolen_card"},
		"pm_card_chargeDeclinedExpiredCard":            {"expired_card", ""},
		"pm_card_chargeDeclinedIncorrectCvc":           {"incorrect_cvc", ""},
		"pm_card_chargeDeclinedProcessingError":        {"processing_error", ""},
	} {
		_, err := b.create(order(method, method))
		refused := refusedAs(t, err)
		require.Equal(t, http.StatusPaymentRequired, refused.HTTPStatusCode)
		require.Equal(t, stripe.ErrorTypeCard, refused.Type)
		require.Equal(t, want.code, refused.Code)
		require.Equal(t, want.reason, refused.DeclineCode)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, refused.PaymentIntent.Status)
		require.Equal(t, want.code, refused.PaymentIntent.LastPaymentError.Code)
		require.Equal(t, refused.ChargeID, refused.PaymentIntent.LatestCharge.ID)
		require.Empty(t, b.of(method)[0].Ledger)

		again, err := b.stripe.V1PaymentIntents.Confirm(t.Context(), refused.PaymentIntent.ID,
			&stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
		require.NoError(t, err)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, again.Status)
		require.Nil(t, again.LastPaymentError)
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()

	t.Run("sends the customer to the bank's page, who approves", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_threeDSecure2Required"))
		require.Equal(t, stripe.PaymentIntentStatusRequiresAction, intent.Status)
		require.Equal(t, stripe.PaymentIntentNextActionTypeRedirectToURL, intent.NextAction.Type)
		require.Empty(t, b.of("o1")[0].Ledger)
		require.Equal(t, "https://shop.example/back?payment_intent="+intent.ID+"&payment_intent_client_secret="+intent.ClientSecret+
			"&redirect_status=succeeded", b.answers(intent.NextAction.RedirectToURL.URL, "Approve", "succeed"))
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, b.retrieve(intent.ID).Status)
		b.hears("payment_intent.requires_action", "payment_intent.succeeded")
	})

	t.Run("fails when the customer fails", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_authenticationRequired"))
		path := "/_sandbox/payment_intents/" + intent.ID + "/authenticate?outcome="
		require.Equal(t, http.StatusBadRequest, b.sandboxed("POST", path+"maybe", "", nil))
		require.Equal(t, http.StatusOK, b.sandboxed("POST", path+"fail", "", nil))
		failed := b.retrieve(intent.ID)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, failed.Status)
		require.Equal(t, stripe.ErrorCodePaymentIntentAuthenticationFailure, failed.LastPaymentError.Code)
		require.Equal(t, http.StatusBadRequest, b.sandboxed("POST", path+"succeed", "", nil))
		b.hears("payment_intent.requires_action", "payment_intent.payment_failed")
	})

	t.Run("may still be declined by the bank", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_threeDSecureRequiredChargeDeclined"))
		require.Equal(t, http.StatusOK, b.sandboxed("POST", "/_sandbox/payment_intents/"+intent.ID+"/authenticate?outcome=succeed", "", nil))
		require.Equal(t, stripe.ErrorCodeCardDeclined, b.retrieve(intent.ID).LastPaymentError.Code)
	})

	t.Run("is a decline when the customer is not there", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		params := order("o1", "pm_card_authenticationRequired")
		params.OffSession = stripe.Bool(true)
		_, err := b.create(params)
		require.Equal(t, stripe.ErrorCodeAuthenticationRequired, refusedAs(t, err).Code)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, refusedAs(t, err).PaymentIntent.Status)
	})

	t.Run("shows its page to nobody without the secret", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_threeDSecure2Required"))
		require.Equal(t, http.StatusNotFound, b.sandboxed("GET", "/_sandbox/3ds/"+intent.ID+"?secret=guess", "", nil))
	})
}

func TestRefunds(t *testing.T) {
	t.Parallel()

	t.Run("give back at most what was captured", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_visa"))
		refund := func(amount int64) (*stripe.Refund, error) {
			return b.stripe.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent.ID, Amount: &amount, Reason: stripe.String("requested_by_customer")})
		}
		first, err := refund(1500)
		require.NoError(t, err)
		require.Equal(t, stripe.RefundStatusSucceeded, first.Status)
		_, err = refund(500)
		require.Equal(t, "amount", refusedAs(t, err).Param)
		_, err = b.stripe.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{Charge: &intent.LatestCharge.ID}) // the rest
		require.NoError(t, err)
		_, err = refund(1)
		require.Equal(t, stripe.ErrorCodeChargeAlreadyRefunded, refusedAs(t, err).Code)

		retrieved, err := b.stripe.V1Refunds.Retrieve(t.Context(), first.ID, nil)
		require.NoError(t, err)
		require.Equal(t, int64(1500), retrieved.Amount)
		var listed []int64
		for each, err := range b.stripe.V1Refunds.List(t.Context(), &stripe.RefundListParams{PaymentIntent: &intent.ID}).All(t.Context()) {
			require.NoError(t, err)
			listed = append(listed, each.Amount)
		}
		require.Equal(t, []int64{499, 1500}, listed)
		require.Equal(t, []string{"charge card>merchant 1999", "refund merchant>card 1500", "refund merchant>card 499"}, movements(b.of("o1")[0]))
		b.hears("payment_intent.succeeded", "refund.created", "charge.refunded", "refund.created", "charge.refunded")
	})

	t.Run("at once never exceed it together", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(order("o1", "pm_card_visa"))
		given := make(chan int64, 20)
		for range 20 {
			go func() {
				_, err := b.stripe.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent.ID, Amount: stripe.Int64(300)})
				if err != nil {
					given <- 0
					return
				}
				given <- 300
			}()
		}
		total := int64(0)
		for range 20 {
			total += <-given
		}
		require.LessOrEqual(t, total, int64(1999))
		require.Equal(t, total, b.of("o1")[0].AmountRefunded)
		require.Positive(t, total)
	})

	t.Run("may take a while, or come back", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		for method, want := range map[string]stripe.RefundStatus{"pm_card_pendingRefund": "succeeded", "pm_card_refundFail": "failed"} {
			intent := b.created(order(method, method))
			refund, err := b.stripe.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent.ID})
			require.NoError(t, err)
			require.NotEqual(t, want, refund.Status)
			require.Eventually(t, func() bool {
				refund, err = b.stripe.V1Refunds.Retrieve(t.Context(), refund.ID, nil)
				return err == nil && refund.Status == want
			}, 30*time.Second, 20*time.Millisecond)
		}
		require.Equal(t, int64(1999), b.of("pm_card_pendingRefund")[0].AmountRefunded)
		require.Zero(t, b.of("pm_card_refundFail")[0].AmountRefunded)
		require.Equal(t, "refund_failed card>merchant 1999", movements(b.of("pm_card_refundFail")[0])[2])
	})
}
