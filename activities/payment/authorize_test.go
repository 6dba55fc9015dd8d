package payment_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/sandbox/psp/provider"
)

func TestAuthorizePaymentAnswersTheSameAgainAndAgain(t *testing.T) {
	c := open(t)
	for _, each := range []struct {
		name    string
		in      payment.AuthorizePaymentInput
		status  payment.PaymentStatus
		refused *fault.Error
		code    any
		theirs  books
	}{
		{"takes the money", order(visa), payment.StatusCaptured, nil, nil, books{Charges: 1, Taken: 1999, Attempts: 1}},
		{"holds the money", order(visa, manual), payment.StatusAuthorized, nil, nil, books{Charges: 1, Held: 1999, Attempts: 1}},
		{"sends the customer to the bank", order(challenged), payment.StatusRequiresAction, nil, nil, books{}},
		{"is declined", order(declined), "", payment.ErrCardDeclined, "generic_decline", books{Attempts: 1}},
		{"lacks funds", order(insufficient), "", payment.ErrCardDeclined, "insufficient_funds", books{Attempts: 1}},
		{"has expired", order("pm_card_chargeDeclinedExpiredCard"), "", payment.ErrCardDeclined, "expired_card", books{Attempts: 1}},
		{"is no card", order("pm_card_unheard_of"), "", payment.ErrPaymentMethodUnknown, nil, books{}},
		{"is too little", order(visa, func(in *payment.AuthorizePaymentInput) { in.Amount = money.New(1, "EUR") }), "", payment.ErrAmountRefused, nil, books{}},
		{"has an odd third decimal", order(visa, func(in *payment.AuthorizePaymentInput) { in.Amount = money.New(12345, "KWD") }), "", payment.ErrAmountRefused, nil, books{}},
	} {
		t.Run(each.name, func(t *testing.T) {
			var first payment.Payment
			for again := range 3 {
				got, err := c.AuthorizePayment(t.Context(), each.in)
				if each.refused != nil {
					require.ErrorIs(t, err, each.refused)
					require.Equal(t, each.code, fault.Of(err).Details["decline_code"])
					continue
				}
				require.NoError(t, err)
				if again == 0 {
					first = got
				}
				require.Equal(t, first, got)
				require.Equal(t, each.status, got.Status)
				require.Equal(t, each.status == payment.StatusRequiresAction, got.ActionURL != "")
			}
			require.Equal(t, each.theirs, c.books(each.in.OrderID))
		})
	}
	c.agree()
}

func TestAuthorizePaymentRefusesWhatCannotBe(t *testing.T) {
	c := open(t)
	in := order(visa)
	_, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	for name, change := range map[string]func(*payment.AuthorizePaymentInput){
		"another amount":   func(in *payment.AuthorizePaymentInput) { in.Amount.Amount++ },
		"another currency": func(in *payment.AuthorizePaymentInput) { in.Amount.Currency = "USD" },
		"another customer": func(in *payment.AuthorizePaymentInput) { in.UserID[0]++ },
		"another capture":  func(in *payment.AuthorizePaymentInput) { in.Capture = payment.CaptureManual },
	} {
		other := in
		change(&other)
		_, err := c.AuthorizePayment(t.Context(), other)
		require.ErrorIs(t, err, payment.ErrPaymentDiffers, name)
	}
	for name, change := range map[string]func(*payment.AuthorizePaymentInput){
		"nothing":          func(in *payment.AuthorizePaymentInput) { in.Amount.Amount = 0 },
		"less than that":   func(in *payment.AuthorizePaymentInput) { in.Amount.Amount = -1 },
		"no currency":      func(in *payment.AuthorizePaymentInput) { in.Amount.Currency = "XXX" },
		"no method":        func(in *payment.AuthorizePaymentInput) { in.PaymentMethod = "" },
		"no capture":       func(in *payment.AuthorizePaymentInput) { in.Capture = "" },
		"nobody":           func(in *payment.AuthorizePaymentInput) { in.UserID = [16]byte{} },
		"nothing to pay":   func(in *payment.AuthorizePaymentInput) { in.OrderID = [16]byte{} },
		"control in token": func(in *payment.AuthorizePaymentInput) { in.PaymentMethod = "pm_\x00" },
	} {
		other := order(visa)
		change(&other)
		_, err := c.AuthorizePayment(t.Context(), other)
		require.ErrorIs(t, err, payment.ErrPaymentInvalid, name)
	}
	c.agree()
}

func TestAuthorizePaymentChargesOnceHoweverManyAsk(t *testing.T) {
	c := open(t)
	in := order(visa, faulty("latency:100"))
	answers := make([]error, 30)
	var asking sync.WaitGroup
	for i := range answers {
		asking.Go(func() { _, answers[i] = c.AuthorizePayment(t.Context(), in) })
	}
	asking.Wait()
	for _, err := range answers {
		if err != nil {
			require.Equal(t, fault.Unavailable, fault.Of(err).Code, "come again: %v", err)
		}
	}
	_, err := c.authorize(in)
	require.NoError(t, err)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

// TestAuthorizePaymentSurvivesTheProvider lets the provider fail in every way
// it knows and asks until the answer is definite.
func TestAuthorizePaymentSurvivesTheProvider(t *testing.T) {
	for _, lag := range []int64{0, 60_000} {
		c := hasty(t)
		c.faults(provider.FaultSettings{SearchLagMS: lag})
		once := books{Charges: 1, Taken: 1999, Attempts: 1}
		var paid []payment.AuthorizePaymentInput
		c.together("search "+strconv.Itoa(int(lag))+" ms behind", []string{
			"latency:700", "hang", "drop_request", "unavailable", "rate_limit", "lock_timeout",
			"drop_reply", "silent", "error_after_commit", "unavailable_after_commit",
			"late_success:600", "webhook_first", "webhook_lose,drop_reply",
		}, func(c *till, faults string) {
			in := order(visa, faulty(faults))
			got, err := c.authorize(in)
			require.NoError(c.t, err)
			require.Equal(c.t, payment.StatusCaptured, got.Status)
			require.Equal(c.t, once, c.books(in.OrderID))
			c.mu.Lock()
			defer c.mu.Unlock()
			paid = append(paid, in)
		})
		c.apply()
		for _, in := range paid {
			require.Equal(t, once, c.books(in.OrderID), in.Faults)
		}
		c.agree()
	}
}

func TestAnOutageKeptForTheKeyIsOvercomeByTheNextKey(t *testing.T) {
	for _, lag := range []int64{0, 60_000} {
		c := open(t)
		c.faults(provider.FaultSettings{SearchLagMS: lag, Faults: []provider.FaultRule{{Fault: "error", Rate: 1, Times: 1}}})
		in := order(visa)
		got, err := c.authorize(in)
		require.NoError(t, err)
		require.Equal(t, payment.StatusCaptured, got.Status)
		require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
		var states []string
		require.NoError(t, c.pool.QueryRow(t.Context(), "SELECT array_agg(state ORDER BY n) FROM attempts").Scan(&states))
		require.Greater(t, len(states), 1)
		for i, state := range states {
			require.Equal(t, map[bool]string{true: "succeeded", false: "failed"}[i == len(states)-1], state)
		}
		c.agree()
	}
}

// TestAnOutageKeptForALaterRequestIsLookedInto: the first request never arrived.
// Minutes later another one did, was granted, and is answered with an outage.
func TestAnOutageKeptForALaterRequestIsLookedInto(t *testing.T) {
	c := open(t)
	in := order(visa)
	for _, outage := range []string{"drop_request", "error_after_commit"} {
		c.faults(provider.FaultSettings{SearchLagMS: 60_000, Faults: []provider.FaultRule{{Fault: outage, Rate: 1, Times: 1}}})
		_, err := c.AuthorizePayment(t.Context(), in)
		require.ErrorIs(t, err, payment.ErrProviderUnavailable)
		_, err = c.pool.Exec(t.Context(), "UPDATE attempts SET first_sent_at = first_sent_at - interval '2 minutes'")
		require.NoError(t, err)
	}
	_, err := c.authorize(in)
	require.NoError(t, err)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestAuthorizePaymentRemembersALateNo(t *testing.T) {
	c := hasty(t)
	c.together("declined", []string{"late_decline:600", "drop_reply", "silent", "error_after_commit", "unavailable_after_commit"}, func(c *till, faults string) {
		in := order(declined, faulty(faults))
		_, err := c.authorize(in)
		require.ErrorIs(c.t, err, payment.ErrCardDeclined)
		require.Equal(c.t, "generic_decline", fault.Of(err).Details["decline_code"])
		_, err = c.AuthorizePayment(c.t.Context(), in)
		require.ErrorIs(c.t, err, payment.ErrCardDeclined)
		require.Equal(c.t, books{Attempts: 1}, c.books(in.OrderID))
	})
	c.apply()
	c.agree()
}

// TestASecondChargeIsGivenBack: the provider loses the reply, forgets the key
// and does not find the payment. Nobody can know then, and it charges twice;
// its webhook tells.
func TestASecondChargeIsGivenBack(t *testing.T) {
	c := open(t)
	c.faults(provider.FaultSettings{SearchLagMS: 60_000})
	in := order(visa, faulty("drop_reply,forget_key,webhook_delay:1000"))
	got, err := c.authorize(in)
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, got.Status)
	require.Equal(t, books{Charges: 2, Taken: 3998, Attempts: 2}, c.books(in.OrderID))
	c.apply()
	require.Equal(t, books{Charges: 2, Taken: 1999, Attempts: 2}, c.books(in.OrderID))
	c.agree()
}

func TestAForgetfulProviderThatFindsThePaymentChargesOnce(t *testing.T) {
	c := open(t)
	in := order(visa, faulty("drop_reply,forget_key"))
	_, err := c.authorize(in)
	require.NoError(t, err)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestASenderThatDiedIsReplaced(t *testing.T) {
	c := hasty(t)
	in := order(visa, faulty("silent"))
	_, err := c.AuthorizePayment(t.Context(), in)
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	_, err = c.pool.Exec(t.Context(), "UPDATE attempts SET state = 'in_progress', sent_at = now()")
	require.NoError(t, err)

	_, err = c.AuthorizePayment(t.Context(), in)
	require.ErrorIs(t, err, payment.ErrPaymentInProgress, "the sender may be alive")
	c.abandon(in.OrderID)
	got, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, got.Status)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestAnOldUnknownIsLookedUp(t *testing.T) {
	c := hasty(t)
	in := order(visa, faulty("silent"))
	_, err := c.AuthorizePayment(t.Context(), in)
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	// The provider has forgotten the key by then.
	_, err = c.provider.Exec(t.Context(), "DELETE FROM idempotency_keys")
	require.NoError(t, err)
	_, err = c.pool.Exec(t.Context(), "UPDATE attempts SET first_sent_at = now() - interval '23 hours'")
	require.NoError(t, err)
	_, err = c.authorize(in)
	require.NoError(t, err)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}
