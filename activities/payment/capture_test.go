package payment_test

import (
	"maps"
	"slices"
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

// take is a capture of an order's payment, of so many cents or, with 0, everything.
func take(in payment.AuthorizePaymentInput, cents int64, options ...func(*payment.CapturePaymentInput)) payment.CapturePaymentInput {
	ask := payment.CapturePaymentInput{OrderID: in.OrderID, CaptureID: id.New()}
	if cents != 0 {
		ask.Amount = money.New(cents, "EUR")
	}
	for _, option := range options {
		option(&ask)
	}
	return ask
}

func final(ask *payment.CapturePaymentInput) { ask.Final = true }

// capture asks until the answer is definite.
func (c *till) capture(ask payment.CapturePaymentInput) (payment.Payment, error) {
	return c.until(ask.OrderID, func() (payment.Payment, error) { return c.CapturePayment(c.t.Context(), ask) })
}

// held authorizes an order over 19.99 EUR by hand.
func (c *till) held(options ...func(*payment.AuthorizePaymentInput)) payment.AuthorizePaymentInput {
	c.t.Helper()
	in := order(visa, append(options, manual)...)
	_, err := c.authorize(in)
	require.NoError(c.t, err)
	return in
}

// kinds is a payment's history.
func (c *till) kinds(orderID uuid.UUID) []string {
	c.t.Helper()
	history, err := c.ListTransactions(c.t.Context(), payment.ReadPaymentInput{OrderID: orderID})
	require.NoError(c.t, err)
	kinds := []string{}
	for _, each := range history.Transactions {
		kinds = append(kinds, each.Kind)
	}
	return kinds
}

func TestCapturePaymentTakesWhatIsHeld(t *testing.T) {
	amounts := map[string]int64{ // minor units, 0 for everything
		"": 0, "webhook_duplicate": 1200, "capture.drop_reply": 0, "capture.silent": 1200, "capture.drop_request": 0,
		"capture.error_after_commit": 0, "capture.unavailable": 1200, "capture.forget_key,capture.drop_reply": 1200,
	}
	c := hasty(t)
	c.together("capture", slices.Sorted(maps.Keys(amounts)), func(c *till, faults string) {
		in := c.held(faulty(faults))
		ask, want := take(in, 0), int64(1999)
		if amount := amounts[faults]; amount > 0 {
			ask, want = take(in, amount, final), amount
		}
		for range 2 {
			got, err := c.capture(ask)
			require.NoError(c.t, err)
			require.Equal(c.t, payment.StatusCaptured, got.Status)
			require.Equal(c.t, money.New(want, "EUR"), got.Captured)
		}
		require.Equal(c.t, books{Charges: 1, Taken: want, Attempts: 1}, c.books(in.OrderID))
		got, err := c.void(in.OrderID)
		require.NoError(c.t, err)
		require.Equal(c.t, payment.StatusRefunded, got.Status)
		require.Equal(c.t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
	})
	c.apply()
	c.agree()
}

func TestCapturePaymentTakesInParts(t *testing.T) {
	faults := []string{
		"", "capture.drop_reply", "capture.silent", "capture.drop_request", "capture.error_after_commit", "capture.unavailable_after_commit",
		"capture.forget_key,capture.drop_reply", "webhook_duplicate", "webhook_first", "capture.latency:1000",
	}
	c := hasty(t)
	c.together("parts", faults, func(c *till, faults string) {
		in := c.held(faulty(faults))
		first, second, last := take(in, 500), take(in, 700), take(in, 300, final)
		got, err := c.capture(first)
		require.NoError(c.t, err)
		require.Equal(c.t, payment.StatusAuthorized, got.Status)
		require.Equal(c.t, books{Charges: 1, Attempts: 1, Held: 1499, Taken: 500}, c.books(in.OrderID))
		_, err = c.capture(second)
		require.NoError(c.t, err)
		_, err = c.capture(first) // again
		require.NoError(c.t, err)
		require.Equal(c.t, books{Charges: 1, Attempts: 1, Held: 799, Taken: 1200}, c.books(in.OrderID))
		got, err = c.capture(last)
		require.NoError(c.t, err)
		require.Equal(c.t, payment.StatusCaptured, got.Status)
		require.Equal(c.t, money.New(1500, "EUR"), got.Captured)
		require.Equal(c.t, money.New(1500, "EUR"), got.Authorized, "the rest is let go")
		for _, ask := range []payment.CapturePaymentInput{first, second, last} {
			again, err := c.capture(ask)
			require.NoError(c.t, err)
			require.Equal(c.t, got, again)
		}
		require.Equal(c.t, books{Charges: 1, Attempts: 1, Taken: 1500}, c.books(in.OrderID))
		require.Equal(c.t, []string{"authorized", "captured", "captured", "captured"}, c.kinds(in.OrderID))
	})
	c.apply()
	c.agree()
}

func TestCapturesAtOnceNeverTakeMoreThanIsHeld(t *testing.T) {
	c := open(t)
	in := c.held()
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			ask := take(in, 600)
			err := c.patiently(func() error { _, err := c.CapturePayment(t.Context(), ask); return err })
			if err != nil {
				require.ErrorIs(t, err, payment.ErrCaptureExceeds)
			}
		})
	}
	asking.Wait()
	require.Equal(t, books{Charges: 1, Attempts: 1, Held: 199, Taken: 1800}, c.books(in.OrderID))
	c.agree()
}

func TestVoidPaymentUndoesWhatWasTakenInParts(t *testing.T) {
	for _, faults := range []string{"", "capture.drop_reply*2", "refund.silent", "capture.silent", "refund.forget_key,refund.drop_reply"} {
		t.Run(faults, func(t *testing.T) {
			c := hasty(t)
			in := c.held(faulty(faults))
			_, err := c.capture(take(in, 500))
			require.NoError(t, err)
			_, err = c.refund(give(in, 200))
			require.NoError(t, err)
			got, err := c.void(in.OrderID)
			require.NoError(t, err)
			require.Equal(t, payment.StatusRefunded, got.Status)
			require.Equal(t, money.New(500, "EUR"), got.Refunded)
			require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
			require.Equal(t, []string{"authorized", "captured", "refunded", "released", "refunded"}, c.kinds(in.OrderID))
			_, err = c.capture(take(in, 1))
			require.Equal(t, fault.Conflict, fault.Of(err).Code)
			c.apply()
			c.agree()
		})
	}
}

func TestVoidPaymentFindsOutAboutACapture(t *testing.T) {
	c := hasty(t)
	c.together("void", []string{"capture.drop_reply", "capture.drop_request", "capture.latency:1000", "capture.error_after_commit"}, func(c *till, faults string) {
		in := c.held(faulty(faults))
		_, err := c.CapturePayment(c.t.Context(), take(in, 500))
		if err != nil {
			require.ErrorIs(c.t, err, payment.ErrProviderUnavailable)
		}
		_, err = c.void(in.OrderID)
		require.NoError(c.t, err)
		require.Zero(c.t, c.books(in.OrderID).Held+c.books(in.OrderID).Taken)
	})
	c.apply()
	c.agree()
}

// TestACaptureThatArrivesDuringTheVoidIsAccountedFor: nobody saw it when the void
// looked, and then it is there.
func TestACaptureThatArrivesDuringTheVoidIsAccountedFor(t *testing.T) {
	c := hasty(t)
	in := c.held(faulty("capture.latency:700"))
	_, err := c.CapturePayment(t.Context(), take(in, 500))
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	_, err = c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
	if err != nil {
		_, err = c.void(in.OrderID)
	}
	require.NoError(t, err)
	require.Zero(t, c.books(in.OrderID).Held+c.books(in.OrderID).Taken)
	c.apply()
	c.agree()
}

func TestACardThatIsTakenOnceOnlySaysSo(t *testing.T) {
	c := open(t)
	in := order("pm_card_jcb", manual)
	_, err := c.authorize(in)
	require.NoError(t, err)
	part := take(in, 500)
	for range 2 {
		_, err = c.capture(part)
		require.ErrorIs(t, err, payment.ErrCaptureIndivisible)
	}
	got, err := c.capture(take(in, 500, final))
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, got.Status)
	require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 500}, c.books(in.OrderID))
	c.agree()
}

func TestCapturePaymentRefusesWhatCannotBe(t *testing.T) {
	c := open(t)
	refused := func(ask payment.CapturePaymentInput, why *fault.Error) {
		t.Helper()
		_, err := c.CapturePayment(t.Context(), ask)
		require.ErrorIs(t, err, why)
	}
	nothing := order(visa, manual)
	refused(take(nothing, 0), payment.ErrPaymentNotFound)
	held := c.held()
	nameless := take(held, 1)
	nameless.CaptureID = uuid.Nil
	refused(nameless, payment.ErrPaymentInvalid)
	refused(take(held, 2000), payment.ErrCaptureExceeds)
	refused(take(held, -1), payment.ErrPaymentInvalid)
	foreign := take(held, 1)
	foreign.Amount = money.New(1, "USD")
	refused(foreign, payment.ErrPaymentInvalid)
	first := take(held, 1000, final)
	_, err := c.capture(first)
	require.NoError(t, err)
	refused(take(held, 1), payment.ErrCaptureExceeds)
	for name, differ := range map[string]func(*payment.CapturePaymentInput){
		"amount": func(ask *payment.CapturePaymentInput) { ask.Amount = money.New(999, "EUR") },
		"final":  func(ask *payment.CapturePaymentInput) { ask.Final = false },
		"order":  func(ask *payment.CapturePaymentInput) { ask.OrderID = c.held().OrderID },
	} {
		t.Run(name, func(*testing.T) {
			other := first
			differ(&other)
			refused(other, payment.ErrPaymentDiffers)
		})
	}
	for _, in := range []payment.AuthorizePaymentInput{order(declined, manual), order(challenged, manual)} {
		_, _ = c.AuthorizePayment(t.Context(), in)
		refused(take(in, 0), payment.ErrPaymentNotCapturable)
	}
	voided := c.held()
	_, err = c.void(voided.OrderID)
	require.NoError(t, err)
	refused(take(voided, 0), payment.ErrPaymentNotCapturable)
	back := c.held()
	_, err = c.capture(take(back, 0))
	require.NoError(t, err)
	refused(take(back, 1), payment.ErrCaptureExceeds)
	got, err := c.capture(take(back, 0))
	require.NoError(t, err, "all that is held is taken already")
	_, err = c.refund(give(back, got.Captured.Amount))
	require.NoError(t, err)
	refused(take(back, 0), payment.ErrCaptureExceeds) // and given back: whoever ships for it ships for nothing
	c.agree()
}

// TestReconcileFinishesWhatACaptureLeft: nobody comes again, but Reconcile does.
func TestReconcileFinishesWhatACaptureLeft(t *testing.T) {
	c := open(t)
	in := c.held()
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "unavailable", Rate: 1, Times: 1, Operations: []string{"capture"}}}})
	_, err := c.CapturePayment(t.Context(), take(in, 500))
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	got, err := c.resolve(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, money.New(500, "EUR"), got.Captured)
	c.agree()
}

func TestReadCaptureTellsWhatWasTakenAndWhatIsLeft(t *testing.T) {
	c := open(t)
	in := c.held()
	first, second := take(in, 900), take(in, 400)
	left := func(ask payment.CapturePaymentInput, taken, left, captured int64) {
		t.Helper()
		got, err := c.ReadCapture(t.Context(), payment.ReadCaptureInput{OrderID: in.OrderID, CaptureID: ask.CaptureID})
		require.NoError(t, err)
		require.Equal(t, payment.Capture{ID: ask.CaptureID, Taken: money.New(taken, "EUR"), Left: money.New(left, "EUR"), Captured: money.New(captured, "EUR")}, got)
	}
	left(first, 0, 0, 0)
	for _, ask := range []payment.CapturePaymentInput{first, second} {
		_, err := c.capture(ask)
		require.NoError(t, err)
	}
	left(first, 900, 900, 1300)
	_, err := c.refund(give(in, 500))
	require.NoError(t, err)
	left(first, 900, 800, 1300)
	left(second, 400, 400, 1300)
	back := give(in, 400)
	back.RefundID = second.CaptureID // a refund may have the id of what it gives back
	_, err = c.refund(back)
	require.NoError(t, err)
	left(first, 900, 400, 1300)
	left(take(in, 1), 0, 0, 1300)
	c.agree()
}
