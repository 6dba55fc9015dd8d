package payment_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
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
