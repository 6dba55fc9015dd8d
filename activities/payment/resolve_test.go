package payment_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/money"
	"kassa/sandbox/psp/provider"
)

func (c *till) resolve(orderID uuid.UUID) (payment.Payment, error) {
	return c.ResolvePayment(c.t.Context(), payment.ResolvePaymentInput{OrderID: orderID})
}

func TestResolvePaymentRecordsTheTruth(t *testing.T) {
	c := open(t)
	for _, each := range []struct {
		name   string
		in     payment.AuthorizePaymentInput
		then   func(c *till, orderID uuid.UUID)
		status payment.PaymentStatus
		theirs books
	}{
		{"the reply was lost", order(visa, faulty("drop_reply")), nil, payment.StatusCaptured, books{Charges: 1, Taken: 1999, Attempts: 1}},
		{"the request was lost", order(visa, faulty("drop_request")), nil, payment.StatusUnknown, books{}},
		{"the bank said no to nobody", order(declined, faulty("drop_reply")), nil, payment.StatusFailed, books{Attempts: 1}},
		{"the customer is still away", order(challenged), nil, payment.StatusRequiresAction, books{}},
		{"the customer passed", order(challenged), func(c *till, orderID uuid.UUID) { c.authenticate(orderID, true) }, payment.StatusCaptured, books{Charges: 1, Taken: 1999, Attempts: 1}},
		{"the customer failed", order(challenged), func(c *till, orderID uuid.UUID) { c.authenticate(orderID, false) }, payment.StatusFailed, books{}},
		{"nothing was open", order(visa), nil, payment.StatusCaptured, books{Charges: 1, Taken: 1999, Attempts: 1}},
	} {
		t.Run(each.name, func(t *testing.T) {
			_, _ = c.AuthorizePayment(t.Context(), each.in)
			if each.then != nil {
				each.then(c, each.in.OrderID)
			}
			for range 2 {
				got, err := c.resolve(each.in.OrderID)
				require.NoError(t, err)
				require.Equal(t, each.status, got.Status)
			}
			require.Equal(t, each.theirs, c.books(each.in.OrderID))
		})
	}
	c.agree()
}

func TestListOpenPaymentsNamesWhatAClosedOrderMustNotHave(t *testing.T) {
	c := open(t)
	unknown, waiting, taken, held, failed, back, never := order(visa, faulty("drop_reply")), order(challenged), order(visa), order(visa, manual), order(declined), order(visa), order(visa)
	_, err := c.AuthorizePayment(t.Context(), unknown)
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	for _, in := range []payment.AuthorizePaymentInput{waiting, taken, held, failed, back} {
		_, _ = c.authorize(in)
	}
	for _, in := range []payment.AuthorizePaymentInput{back, never} {
		_, err := c.void(in.OrderID)
		require.NoError(t, err)
	}
	all := payment.ListOpenPaymentsInput{}
	for _, in := range []payment.AuthorizePaymentInput{unknown, waiting, taken, held, failed, back, never, order(visa)} {
		all.Orders = append(all.Orders, in.OrderID)
	}
	open, err := c.ListOpenPayments(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, all.Orders[:4], open.Orders)
}

func TestListUnsettledPaymentsNamesWhatResolvePaymentMends(t *testing.T) {
	c := open(t)
	unknown, waiting, done, failed := order(visa, faulty("drop_reply")), order(challenged), order(visa), order(declined)
	for _, in := range []payment.AuthorizePaymentInput{unknown, waiting, done, failed} {
		_, _ = c.AuthorizePayment(t.Context(), in)
	}
	left := order(visa)
	_, err := c.AuthorizePayment(t.Context(), left)
	require.NoError(t, err)
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "unavailable", Rate: 1, Operations: []string{"refund"}}}})
	_, err = c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: left.OrderID})
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	c.faults(provider.FaultSettings{})

	unsettled := func(before time.Time) []uuid.UUID {
		got, err := c.ListUnsettledPayments(t.Context(), payment.ListUnsettledPaymentsInput{Before: before, Limit: 10})
		require.NoError(t, err)
		return got.Orders
	}
	require.Empty(t, unsettled(time.Now().Add(-time.Minute)))
	require.ElementsMatch(t, []uuid.UUID{unknown.OrderID, waiting.OrderID, left.OrderID}, unsettled(time.Now().Add(time.Minute)))
	c.authenticate(waiting.OrderID, true)
	for _, orderID := range unsettled(time.Now().Add(time.Minute)) {
		_, err := c.resolve(orderID)
		require.NoError(t, err)
	}
	require.Empty(t, unsettled(time.Now().Add(time.Minute)))
	require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(left.OrderID))
	c.agree()
}

func TestCapturePaymentTakesWhatIsHeld(t *testing.T) {
	amounts := map[string]int64{ // minor units, 0 for everything
		"": 0, "webhook_duplicate": 1200, "capture.drop_reply": 0, "capture.silent": 1200, "capture.drop_request": 0, "capture.error_after_commit": 0,
	}
	c := open(t)
	c.together("capture", slices.Sorted(maps.Keys(amounts)), func(c *till, faults string) {
		in := order(visa, manual, faulty(faults))
		_, err := c.authorize(in)
		require.NoError(c.t, err)
		ask := payment.CapturePaymentInput{OrderID: in.OrderID}
		want := int64(1999)
		if amount := amounts[faults]; amount > 0 {
			ask.Amount, want = money.New(amount, "EUR"), amount
		}
		for range 2 {
			got, err := c.until(in.OrderID, func() (payment.Payment, error) { return c.CapturePayment(c.t.Context(), ask) })
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

func TestCapturePaymentRefusesWhatCannotBe(t *testing.T) {
	c := open(t)
	capture := func(in payment.AuthorizePaymentInput, amount money.Money) error {
		_, err := c.CapturePayment(t.Context(), payment.CapturePaymentInput{OrderID: in.OrderID, Amount: amount})
		return err
	}
	held := order(visa, manual)
	require.ErrorIs(t, capture(held, money.Money{}), payment.ErrPaymentNotFound)
	_, err := c.AuthorizePayment(t.Context(), held)
	require.NoError(t, err)
	require.ErrorIs(t, capture(held, money.New(2000, "EUR")), payment.ErrPaymentInvalid)
	require.ErrorIs(t, capture(held, money.New(-1, "EUR")), payment.ErrPaymentInvalid)
	require.ErrorIs(t, capture(held, money.New(1, "USD")), payment.ErrPaymentInvalid)
	require.NoError(t, capture(held, money.New(1000, "EUR")))
	require.ErrorIs(t, capture(held, money.New(1001, "EUR")), payment.ErrPaymentDiffers)
	for _, in := range []payment.AuthorizePaymentInput{order(declined), order(challenged)} {
		_, _ = c.AuthorizePayment(t.Context(), in)
		require.ErrorIs(t, capture(in, money.Money{}), payment.ErrPaymentNotCapturable)
	}
	voided := order(visa, manual)
	_, err = c.AuthorizePayment(t.Context(), voided)
	require.NoError(t, err)
	_, err = c.void(voided.OrderID)
	require.NoError(t, err)
	require.ErrorIs(t, capture(voided, money.Money{}), payment.ErrPaymentNotCapturable)
	c.agree()
}
