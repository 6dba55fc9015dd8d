package payment_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/sandbox/psp/provider"
)

// give is a refund of so many cents of an order's payment.
func give(in payment.AuthorizePaymentInput, cents int64) payment.RefundPaymentInput {
	return payment.RefundPaymentInput{OrderID: in.OrderID, RefundID: id.New(), Amount: money.New(cents, "EUR")}
}

// refund asks until the answer is definite.
func (c *till) refund(ask payment.RefundPaymentInput) (payment.Refund, error) {
	var refund payment.Refund
	_, err := c.until(ask.OrderID, func() (_ payment.Payment, err error) {
		refund, err = c.RefundPayment(c.t.Context(), ask)
		return refund.Payment, err
	})
	return refund, err
}

// paid takes an order's 19.99 EUR.
func (c *till) paid(method string, options ...func(*payment.AuthorizePaymentInput)) payment.AuthorizePaymentInput {
	c.t.Helper()
	in := order(method, options...)
	_, err := c.authorize(in)
	require.NoError(c.t, err)
	return in
}

func TestRefundPaymentGivesBackInParts(t *testing.T) {
	faults := []string{
		"", "refund.drop_reply", "refund.silent", "refund.drop_request", "refund.hang", "refund.error_after_commit", "refund.unavailable",
		"refund.unavailable_after_commit", "refund.rate_limit", "refund.lock_timeout", "refund.forget_key,refund.drop_reply", "refund.latency:1000",
		"webhook_duplicate", "webhook_first", "webhook_lose",
	}
	c := hasty(t)
	c.together("refund", faults, func(c *till, faults string) {
		in := c.paid(visa, faulty(faults))
		first, second, last := give(in, 500), give(in, 500), give(in, 999)
		got, err := c.refund(first)
		require.NoError(c.t, err)
		require.Equal(c.t, payment.RefundSucceeded, got.Status)
		require.Equal(c.t, payment.StatusCaptured, got.Payment.Status)
		_, err = c.refund(second)
		require.NoError(c.t, err)
		_, err = c.refund(first)
		require.NoError(c.t, err)
		_, err = c.refund(give(in, 1000))
		require.ErrorIs(c.t, err, payment.ErrRefundExceeds)
		require.Equal(c.t, books{Charges: 1, Attempts: 1, Taken: 999}, c.books(in.OrderID))
		got, err = c.refund(last)
		require.NoError(c.t, err)
		require.Equal(c.t, payment.StatusRefunded, got.Payment.Status)
		again, err := c.refund(last)
		require.NoError(c.t, err)
		require.Equal(c.t, got, again)
		require.Equal(c.t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
		require.Equal(c.t, []string{"captured", "refunded", "refunded", "refunded"}, c.kinds(in.OrderID))
		_, err = c.void(in.OrderID)
		require.NoError(c.t, err)
	})
	c.apply()
	c.agree()
}

// TestAnOutageKeptForAPartIsOvercomeByTheNextKey: the provider has kept an outage
// for the key, with or without having done what it was asked for.
func TestAnOutageKeptForAPartIsOvercomeByTheNextKey(t *testing.T) {
	for _, outage := range []string{"error", "error_after_commit"} {
		c := open(t)
		in := c.held()
		keep := func(operation string) {
			c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: outage, Rate: 1, Times: 1, Operations: []string{operation}}}})
		}
		keep("capture")
		_, err := c.capture(take(in, 900))
		require.NoError(t, err)
		require.Equal(t, books{Charges: 1, Attempts: 1, Held: 1099, Taken: 900}, c.books(in.OrderID))
		keep("refund")
		_, err = c.refund(give(in, 400))
		require.NoError(t, err)
		require.Equal(t, books{Charges: 1, Attempts: 1, Held: 1099, Taken: 500}, c.books(in.OrderID))
		require.Equal(t, []string{"authorized", "captured", "refunded"}, c.kinds(in.OrderID))
		c.apply()
		c.agree()
	}
}

// TestWebhooksOfPartsInAnyOrder replays what the provider told about a payment
// in parts, each three times, in every order that comes up.
func TestWebhooksOfPartsInAnyOrder(t *testing.T) {
	c := open(t)
	in := c.held()
	for _, cents := range []int64{500, 700} {
		_, err := c.capture(take(in, cents))
		require.NoError(t, err)
		_, err = c.refund(give(in, cents/2))
		require.NoError(t, err)
	}
	_, err := c.capture(take(in, 300, final))
	require.NoError(t, err)
	c.apply()
	before, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	for round := range 3 {
		c.replay(round)
		c.apply()
	}
	after, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	require.Equal(t, before, after)
	c.agree()
}

func TestRefundsAtOnceNeverGiveBackMoreThanWasTaken(t *testing.T) {
	c := open(t)
	in := c.paid(visa)
	asks := make([]payment.RefundPaymentInput, 10)
	for i := range asks {
		asks[i] = give(in, 600)
	}
	var asking sync.WaitGroup
	for i := range 30 { // each three times
		asking.Go(func() {
			err := c.patiently(func() error { _, err := c.RefundPayment(t.Context(), asks[i%10]); return err })
			if err != nil {
				require.ErrorIs(t, err, payment.ErrRefundExceeds)
			}
		})
	}
	asking.Wait()
	require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 199}, c.books(in.OrderID))
	require.Equal(t, int64(3), c.count("SELECT count(*) FROM refunds WHERE status = 'succeeded'"))
	require.Equal(t, int64(7), c.count("SELECT count(*) FROM refunds WHERE status = 'refused'"))
	require.Equal(t, int64(10), c.count("SELECT count(*) FROM refunds"))
	c.apply()
	c.agree()
}

func TestRefundPaymentRefusesWhatCannotBe(t *testing.T) {
	c := open(t)
	refused := func(ask payment.RefundPaymentInput, why *fault.Error) {
		t.Helper()
		_, err := c.RefundPayment(t.Context(), ask)
		require.ErrorIs(t, err, why)
	}
	refused(give(order(visa), 1), payment.ErrPaymentNotFound)
	in := c.paid(visa)
	nameless := give(in, 1)
	nameless.RefundID = uuid.Nil
	refused(nameless, payment.ErrPaymentInvalid)
	refused(give(in, 0), payment.ErrPaymentInvalid)
	refused(give(in, -1), payment.ErrPaymentInvalid)
	refused(give(in, 2000), payment.ErrRefundExceeds)
	foreign := give(in, 1)
	foreign.Amount = money.New(1, "USD")
	refused(foreign, payment.ErrPaymentInvalid)
	first := give(in, 1)
	_, err := c.refund(first)
	require.NoError(t, err)
	first.Amount = money.New(2, "EUR")
	refused(first, payment.ErrPaymentDiffers)
	first.OrderID = c.paid(visa).OrderID
	refused(first, payment.ErrPaymentDiffers)
	for _, other := range []payment.AuthorizePaymentInput{order(declined), order(challenged), order(visa, manual)} {
		_, _ = c.AuthorizePayment(t.Context(), other)
		refused(give(other, 1), payment.ErrRefundExceeds)
	}
	gone := c.paid(visa)
	_, err = c.void(gone.OrderID)
	require.NoError(t, err)
	refused(give(gone, 1), payment.ErrRefundExceeds)
	c.agree()
}

// TestARefusedRefundStaysRefused: whoever was told no may have recorded it, and
// ask once more, by a late request or a saga that begins again, after more was taken.
func TestARefusedRefundStaysRefused(t *testing.T) {
	c := open(t)
	in := c.held()
	_, err := c.capture(take(in, 500))
	require.NoError(t, err)
	ask := give(in, 1400)
	_, err = c.refund(ask)
	require.ErrorIs(t, err, payment.ErrRefundExceeds)
	_, err = c.capture(take(in, 0))
	require.NoError(t, err)
	_, err = c.refund(ask)
	require.ErrorIs(t, err, payment.ErrRefundExceeds)
	require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 1999}, c.books(in.OrderID))
	_, err = c.refund(give(in, 1400))
	require.NoError(t, err)
	require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 599}, c.books(in.OrderID))
	c.apply()
	c.agree()
}

func TestARefundThatIsPendingCountsAsGivenBack(t *testing.T) {
	c := open(t)
	in := c.paid("pm_card_pendingRefund")
	ask := give(in, 500)
	got, err := c.refund(ask)
	require.NoError(t, err)
	require.Equal(t, payment.RefundPending, got.Status)
	require.Equal(t, money.New(500, "EUR"), got.Payment.Refunded)
	c.settleRefunds()
	c.apply()
	got, err = c.refund(ask)
	require.NoError(t, err)
	require.Equal(t, payment.RefundSucceeded, got.Status)
	require.Equal(t, []string{"captured", "refunded"}, c.kinds(in.OrderID))
	c.agree()
}

func TestVoidPaymentRacesRefundPayment(t *testing.T) {
	c := open(t)
	for range 20 {
		in := c.paid(visa)
		var racing sync.WaitGroup
		racing.Go(func() {
			ask := give(in, 700)
			err := c.patiently(func() error { _, err := c.RefundPayment(t.Context(), ask); return err })
			if err != nil {
				require.ErrorIs(t, err, payment.ErrRefundExceeds)
			}
		})
		racing.Go(func() {
			err := c.patiently(func() error {
				_, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
				return err
			})
			require.NoError(t, err)
		})
		racing.Wait()
		require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
	}
	c.apply()
	c.agree()
}
