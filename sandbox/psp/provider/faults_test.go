package provider

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// patience is how long a test waits for an answer that does not come.
const patience = 2 * time.Second

func TestFaultsBeforeTheWork(t *testing.T) {
	t.Parallel()
	b := start(t)
	hung := false
	ask := func(t *testing.T, faults string) error {
		wait := time.Minute // for an answer that comes
		if faults == "hang" && !hung {
			wait, hung = patience, true
		}
		_, err := b.stripe.V1PaymentIntents.Create(within(t, wait), keyed(faulty(order(faults, "pm_card_visa"), faults), faults))
		return err
	}
	for fault, want := range map[string]func(*testing.T, error){
		"hang":         func(t *testing.T, err error) { require.True(t, isTimeout(err), "%v", err) },
		"drop_request": func(t *testing.T, err error) { require.ErrorIs(t, err, io.ErrUnexpectedEOF) },
		"unavailable": func(t *testing.T, err error) {
			require.Equal(t, http.StatusServiceUnavailable, refusedAs(t, err).HTTPStatusCode)
		},
		"rate_limit": func(t *testing.T, err error) { require.Equal(t, stripe.ErrorCodeRateLimit, refusedAs(t, err).Code) },
		"lock_timeout": func(t *testing.T, err error) {
			require.Equal(t, stripe.ErrorCodeLockTimeout, refusedAs(t, err).Code)
		},
	} {
		t.Run(fault+" does nothing, and the same request then works", func(t *testing.T) {
			want(t, ask(t, fault))
			require.Empty(t, b.of(fault))
			require.NoError(t, ask(t, fault))
			require.Len(t, b.of(fault), 1)
		})
	}
	t.Run("error does nothing, and is the answer from then on", func(t *testing.T) {
		for range 2 {
			require.Equal(t, stripe.ErrorTypeAPI, refusedAs(t, ask(t, "error")).Type)
		}
		require.Empty(t, b.of("error"))
	})
	t.Run("a fault comes as often as was asked for", func(t *testing.T) {
		for range 2 {
			require.Equal(t, http.StatusServiceUnavailable, refusedAs(t, ask(t, "unavailable*2")).HTTPStatusCode)
		}
		require.NoError(t, ask(t, "unavailable*2"))
	})
}

func TestFaultsAfterTheWork(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]func(*testing.T, error){
		"drop_reply": func(t *testing.T, err error) { require.ErrorIs(t, err, io.ErrUnexpectedEOF) },
		"silent":     func(t *testing.T, err error) { require.True(t, isTimeout(err), "%v", err) },
		"unavailable_after_commit": func(t *testing.T, err error) {
			require.Equal(t, http.StatusServiceUnavailable, refusedAs(t, err).HTTPStatusCode)
		},
	} {
		t.Run(fault+" charges once; the same key tells", func(t *testing.T) {
			t.Parallel()
			b := start(t)
			wait := time.Minute // for an answer that comes
			if fault == "silent" {
				wait = patience
			}
			_, err := b.stripe.V1PaymentIntents.Create(within(t, wait), keyed(faulty(order("o1", "pm_card_visa"), fault), "k1"))
			want(t, err)
			require.Eventually(t, func() bool { // a slow provider may still be at it when its caller has gone
				known := b.of("o1")
				return len(known) == 1 && known[0].Status == "succeeded"
			}, 30*time.Second, 20*time.Millisecond)
			intent := b.created(keyed(faulty(order("o1", "pm_card_visa"), fault), "k1"))
			require.Equal(t, "true", intent.LastResponse.Header.Get("Idempotent-Replayed"))
			require.Len(t, b.of("o1"), 1)
			b.hears("payment_intent.succeeded")
		})
	}
	t.Run("error_after_commit charges, and only a look-up tells", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		for range 2 {
			_, err := b.create(keyed(faulty(order("o1", "pm_card_visa"), "error_after_commit"), "k1"))
			require.Equal(t, http.StatusInternalServerError, refusedAs(t, err).HTTPStatusCode)
		}
		require.Len(t, b.of("o1"), 1)
		require.Equal(t, stripe.PaymentIntentStatusSucceeded, b.retrieve(b.of("o1")[0].ID).Status)
	})
	t.Run("forget_key charges twice whoever trusts the key", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		for range 3 { // the second time it is remembered
			b.created(keyed(faulty(order("o1", "pm_card_visa"), "forget_key"), "k1"))
		}
		require.Len(t, b.of("o1"), 2)
	})
	t.Run("other operations go wrong when they are named", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		intent := b.created(faulty(manual(order("o1", "pm_card_visa")), "capture.drop_reply, refund.error_after_commit"))
		params := &stripe.PaymentIntentCaptureParams{}
		params.SetIdempotencyKey("capture")
		_, err := b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, params)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		captured, err := b.stripe.V1PaymentIntents.Capture(t.Context(), intent.ID, params)
		require.NoError(t, err)
		require.Equal(t, int64(1999), captured.AmountReceived)
		_, err = b.stripe.V1Refunds.Create(t.Context(), &stripe.RefundCreateParams{PaymentIntent: &intent.ID})
		require.Equal(t, http.StatusInternalServerError, refusedAs(t, err).HTTPStatusCode)
		require.Equal(t, int64(1999), b.of("o1")[0].AmountRefunded)
	})
}

func TestFaultsOfTheBank(t *testing.T) {
	t.Parallel()
	b := start(t)
	t.Run("decline", func(t *testing.T) {
		_, err := b.create(faulty(order("o1", "pm_card_visa"), "decline:do_not_honor"))
		require.Equal(t, stripe.DeclineCodeDoNotHonor, refusedAs(t, err).DeclineCode)
	})
	t.Run("authentication_required", func(t *testing.T) {
		require.Equal(t, stripe.PaymentIntentStatusRequiresAction, b.created(faulty(order("o2", "pm_card_visa"), "authentication_required")).Status)
	})
	for fault, want := range map[string]string{"late_success:3000": "succeeded", "late_decline:3000": "requires_payment_method"} {
		t.Run(fault, func(t *testing.T) {
			require.Equal(t, stripe.PaymentIntentStatusProcessing, b.created(faulty(order(fault, "pm_card_visa"), fault)).Status)
			_, err := b.stripe.V1PaymentIntents.Cancel(t.Context(), b.of(fault)[0].ID, nil)
			require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, refusedAs(t, err).Code)
			require.Eventually(t, func() bool { return b.of(fault)[0].Status == want }, 30*time.Second, 20*time.Millisecond)
		})
	}
}

func TestFaultsOfWebhooks(t *testing.T) {
	t.Parallel()
	t.Run("webhook_duplicate", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.created(faulty(order("o1", "pm_card_visa"), "webhook_duplicate"))
		b.hears("payment_intent.succeeded", "payment_intent.succeeded")
		require.Equal(t, b.received[0].ID, b.received[1].ID)
	})
	t.Run("webhook_lose, until it is sent again", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.created(faulty(order("o1", "pm_card_visa"), "webhook_lose"))
		b.created(order("o2", "pm_card_visa"))
		b.hears("payment_intent.succeeded")
		var lost string
		for event, err := range b.stripe.V1Events.List(t.Context(), nil).All(t.Context()) {
			require.NoError(t, err)
			lost = event.ID // the oldest comes last
		}
		require.NotEqual(t, lost, b.received[0].ID)
		require.Equal(t, http.StatusAccepted, b.sandboxed("POST", "/_sandbox/events/"+lost+"/resend", "", nil))
		b.hears("payment_intent.succeeded", "payment_intent.succeeded")
	})
	t.Run("webhook_delay lets later events overtake", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		first := b.created(faulty(manual(order("o1", "pm_card_visa")), "create.webhook_delay:5000"))
		_, err := b.stripe.V1PaymentIntents.Capture(t.Context(), first.ID, nil)
		require.NoError(t, err)
		b.hears("payment_intent.succeeded", "payment_intent.amount_capturable_updated")
		require.Equal(t, stripe.EventTypePaymentIntentSucceeded, b.received[0].Type)
	})
	t.Run("webhook_reorder delays by chance", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.created(faulty(order("o1", "pm_card_visa"), "webhook_reorder:300"))
		b.hears("payment_intent.succeeded")
	})
	t.Run("webhook_first comes before the reply", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.created(faulty(order("o1", "pm_card_visa"), "webhook_first"))
		require.Equal(t, []string{"payment_intent.succeeded"}, b.heard())
	})
	t.Run("a delivery that fails is tried again", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		b.mu.Lock()
		b.refuse = 1
		b.mu.Unlock()
		b.created(order("o1", "pm_card_visa"))
		b.hears("payment_intent.succeeded")
	})
}

func TestFaultsByRate(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.settings(t, `{"seed": 7, "faults": [{"fault": "decline:insufficient_funds", "rate": 0.5}]}`)
	declined := 0
	for range 40 {
		if _, err := b.create(order("o1", "pm_card_visa")); err != nil {
			require.Equal(t, stripe.DeclineCodeInsufficientFunds, refusedAs(t, err).DeclineCode)
			declined++
		}
	}
	require.Greater(t, declined, 8)
	require.Less(t, declined, 32)

	b.settings(t, `{"faults": [{"fault": "unavailable", "rate": 1, "operations": ["retrieve"], "times": 1}]}`)
	id := b.of("o1")[0].ID
	_, err := b.stripe.V1PaymentIntents.Retrieve(t.Context(), id, nil)
	require.Equal(t, http.StatusServiceUnavailable, refusedAs(t, err).HTTPStatusCode)
	b.retrieve(id)
	var shown struct{ Settings FaultSettings }
	b.sandboxed("GET", "/_sandbox/faults", "", &shown)
	require.Equal(t, 1, shown.Settings.Faults[0].Fired)

	t.Run("survives a restart", func(t *testing.T) {
		again := New(b.pool, b.cfg)
		again.recallFaults(t.Context())
		require.Equal(t, "unavailable", again.faults.current().Faults[0].Fault)
	})

	for _, wrong := range []string{
		`{`, `{"faults": [{"fault": "explode", "rate": 1}]}`, `{"faults": [{"fault": "hang", "rate": 0}]}`,
		`{"faults": [{"fault": "hang", "rate": 2}]}`, `{"faults": [{"fault": "hang", "rate": 1, "operations": ["pay"]}]}`,
		`{"faults": [{"fault": "latency:soon", "rate": 1}]}`, `{"search_lag_ms": -1}`, `{"fault": "hang"}`,
	} {
		require.Equal(t, http.StatusBadRequest, b.sandboxed("PUT", "/_sandbox/faults", wrong, nil), wrong)
	}
}

// settings puts faults.
func (b *sandbox) settings(t *testing.T, body string) {
	t.Helper()
	require.Equal(t, http.StatusOK, b.sandboxed("PUT", "/_sandbox/faults", body, nil))
}

func TestParseFaults(t *testing.T) {
	parsed, err := parseFaults("latency:250, capture.drop_reply*always,decline")
	require.NoError(t, err)
	require.Len(t, parsed, 3)
	require.Equal(t, 250*time.Millisecond, parsed[0].after)
	require.True(t, parsed[0].meets("create") && parsed[0].meets("confirm"))
	require.False(t, parsed[0].meets("capture"))
	require.Equal(t, -1, parsed[1].times)
	require.True(t, parsed[1].meets("capture"))
	require.Equal(t, "generic_decline", parsed[2].code)
	for _, wrong := range []string{"x", "pay.hang", "hang:5", "latency:-1", "hang*0", "hang*often", "decline:DROP TABLE", "hang,,hang"} {
		_, err := parseFaults(wrong)
		require.Error(t, err, wrong)
	}
}
