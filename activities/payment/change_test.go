package payment_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/sandbox/psp/provider"
)

const transfer = "bank_transfer"

// other asks to pay an order with another method.
func other(in payment.AuthorizePaymentInput, method string) payment.ChangePaymentMethodInput {
	return payment.ChangePaymentMethodInput{OrderID: in.OrderID, UserID: in.UserID, PaymentMethod: method, ChangeID: id.New()}
}

func (c *till) change(ask payment.ChangePaymentMethodInput) (payment.Payment, error) {
	return c.until(ask.OrderID, func() (payment.Payment, error) { return c.ChangePaymentMethod(c.t.Context(), ask) })
}

// waiting is an order whose customer is at the bank's page.
func (c *till) waiting(options ...func(*payment.AuthorizePaymentInput)) payment.AuthorizePaymentInput {
	return c.paid(challenged, options...)
}

func (c *till) receive(in payment.AuthorizePaymentInput, cents int64) (payment.Payment, error) {
	now, err := c.ReadPayment(c.t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(c.t, err)
	return c.ReceivePayment(c.t.Context(), payment.ReceivePaymentInput{PaymentID: now.ID, Amount: money.New(cents, "EUR"), Reference: "Kassa", ActorID: id.New()})
}

func TestChangePaymentMethodPaysWithAnother(t *testing.T) {
	c := open(t)
	for _, each := range []struct {
		method string
		mode   payment.CaptureMode
		status payment.PaymentStatus
		theirs books
	}{
		{visa, payment.CaptureAutomatic, payment.StatusCaptured, books{Charges: 1, Taken: 1999, Attempts: 1}},
		{visa, payment.CaptureManual, payment.StatusAuthorized, books{Charges: 1, Held: 1999, Attempts: 1}},
		{challenged, payment.CaptureAutomatic, payment.StatusRequiresAction, books{}},
		{transfer, payment.CaptureAutomatic, payment.StatusRequiresAction, books{}},
	} {
		in := c.waiting(func(in *payment.AuthorizePaymentInput) { in.Capture = each.mode })
		ask := other(in, each.method)
		var last payment.Payment
		for range 2 {
			got, err := c.change(ask)
			require.NoError(t, err)
			require.Equal(t, each.status, got.Status)
			require.True(t, last.Version == 0 || last.Version == got.Version, "the same change again changes nothing")
			last = got
		}
		require.Equal(t, each.theirs, c.books(in.OrderID))
		require.Equal(t, []string{"action_required", "method_changed"}, c.kinds(in.OrderID)[:2])
		c.apply() // the webhooks of the old one tell nothing
		again, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, last, again)
		_, err = c.AuthorizePayment(t.Context(), in) // the saga's step, late
		require.NoError(t, err)
		require.Equal(t, each.theirs, c.books(in.OrderID))
		_, err = c.void(in.OrderID)
		require.NoError(t, err)
		require.Zero(t, c.books(in.OrderID).Held+c.books(in.OrderID).Taken)
	}
	c.apply()
	c.agree()
}

func TestChangePaymentMethodMoreThanOnce(t *testing.T) {
	c := open(t)
	in := c.waiting()
	for _, method := range []string{transfer, challenged, transfer, challenged, visa} {
		_, err := c.change(other(in, method))
		require.NoError(t, err)
	}
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	_, err := c.change(other(in, transfer))
	require.ErrorIs(t, err, payment.ErrPaymentNotAwaiting)
	c.apply()
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestChangePaymentMethodHasAnEnd(t *testing.T) {
	c := open(t)
	in := c.waiting()
	var last payment.ChangePaymentMethodInput
	for i := range 10 {
		last = other(in, []string{transfer, challenged}[i%2])
		_, err := c.change(last)
		require.NoError(t, err, "change %d", i+1)
	}
	before, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	for range 2 {
		_, err = c.change(other(in, visa))
		require.ErrorIs(t, err, payment.ErrPaymentChangedTooOften)
	}
	again, err := c.change(last)
	require.NoError(t, err, "what was changed stays so")
	require.Equal(t, before, again)
	c.apply()
	after, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing was asked of the provider, and nothing told")
	c.agree()
}

// TestChangePaymentMethodSurvivesTheProvider: the old one is cancelled, the new
// one charged once, whichever answer gets lost.
func TestChangePaymentMethodSurvivesTheProvider(t *testing.T) {
	for _, fault := range []provider.FaultRule{
		{Fault: "drop_reply", Operations: []string{"cancel"}},
		{Fault: "drop_request", Operations: []string{"cancel"}},
		{Fault: "silent", Operations: []string{"cancel"}},
		{Fault: "error", Operations: []string{"cancel"}},
		{Fault: "error_after_commit", Operations: []string{"cancel"}},
		{Fault: "forget_key", Operations: []string{"cancel"}},
		{Fault: "drop_reply", Operations: []string{"create"}},
		{Fault: "drop_request", Operations: []string{"create"}},
		{Fault: "silent", Operations: []string{"create"}},
		{Fault: "error", Operations: []string{"create"}},
		{Fault: "error_after_commit", Operations: []string{"create"}},
		{Fault: "unavailable_after_commit", Operations: []string{"create"}},
		{Fault: "unavailable", Operations: []string{"retrieve"}},
	} {
		t.Run(fault.Operations[0]+" "+fault.Fault, func(t *testing.T) {
			c := hasty(t)
			in := c.waiting()
			fault.Rate, fault.Times = 1, 1
			c.faults(provider.FaultSettings{Faults: []provider.FaultRule{fault}})
			got, err := c.change(other(in, visa))
			require.NoError(t, err)
			require.Equal(t, payment.StatusCaptured, got.Status)
			require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
			c.apply()
			require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
			c.agree()
		})
	}
}

// TestTheBankWasQuickerThanTheChange: the customer satisfies the bank and asks
// for another card at once.
func TestTheBankWasQuickerThanTheChange(t *testing.T) {
	c := open(t)
	in := c.waiting()
	c.authenticate(in.OrderID, true)
	_, err := c.change(other(in, visa))
	require.ErrorIs(t, err, payment.ErrPaymentNotAwaiting)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.apply()
	c.agree()
}

// TestNobodyFinishesAChangeButReconcile: the caller dies when the old method is
// cancelled, and Reconcile goes on with the new one.
func TestNobodyFinishesAChangeButReconcile(t *testing.T) {
	c := open(t)
	in := c.waiting()
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "drop_reply", Rate: 1, Times: 1, Operations: []string{"cancel"}}}})
	_, err := c.ChangePaymentMethod(t.Context(), other(in, visa))
	require.ErrorIs(t, err, payment.ErrProviderUnavailable)
	got, err := c.resolve(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, got.Status)
	require.Equal(t, books{Charges: 1, Taken: 1999, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestChangePaymentMethodRefusesWhatCannotBe(t *testing.T) {
	c := open(t)
	refused := func(ask payment.ChangePaymentMethodInput, why *fault.Error) {
		t.Helper()
		_, err := c.ChangePaymentMethod(t.Context(), ask)
		require.ErrorIs(t, err, why)
	}
	refused(other(order(visa), visa), payment.ErrPaymentNotFound)
	in := c.waiting()
	stranger := other(in, visa)
	stranger.UserID = id.New()
	refused(stranger, payment.ErrPaymentNotFound)
	refused(other(in, ""), payment.ErrPaymentInvalid)
	for _, paid := range []payment.AuthorizePaymentInput{c.paid(visa), c.held()} {
		refused(other(paid, visa), payment.ErrPaymentNotAwaiting)
	}
	failed := order(declined)
	_, _ = c.AuthorizePayment(t.Context(), failed)
	refused(other(failed, visa), payment.ErrPaymentNotAwaiting)
	declines := other(in, declined)
	for range 2 {
		refused(declines, payment.ErrCardDeclined)
	}
	gone := c.waiting()
	_, err := c.void(gone.OrderID)
	require.NoError(t, err)
	refused(other(gone, visa), payment.ErrPaymentVoided)
	c.agree()
}

func TestVoidRacesAChange(t *testing.T) {
	c := open(t)
	for range 20 {
		in := c.waiting()
		var racing sync.WaitGroup
		racing.Go(func() { _, _ = c.ChangePaymentMethod(t.Context(), other(in, visa)) })
		racing.Go(func() { _, _ = c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID}) })
		racing.Wait()
		_, err := c.void(in.OrderID)
		require.NoError(t, err)
		require.Zero(t, c.books(in.OrderID).Held+c.books(in.OrderID).Taken)
	}
	c.apply()
	c.agree()
}

func TestABankTransferIsPaidWhenItHasCome(t *testing.T) {
	c := open(t)
	in := order(transfer)
	var first payment.Payment
	for range 2 {
		got, err := c.AuthorizePayment(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, payment.StatusRequiresAction, got.Status)
		require.Equal(t, payment.ProviderBankTransfer, got.Provider)
		require.Equal(t, int64(7*24*3600), got.AwaitSeconds)
		require.Regexp(t, "^[A-HJ-NP-Z2-9]{10}$", got.Reference)
		first = got
	}
	now, err := c.resolve(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, first, now)
	_, err = c.receive(in, 1998)
	require.ErrorIs(t, err, payment.ErrTransferDiffers)
	for range 2 {
		got, err := c.receive(in, 1999)
		require.NoError(t, err)
		require.Equal(t, payment.StatusCaptured, got.Status)
		require.Equal(t, money.New(1999, "EUR"), got.Captured)
		require.Empty(t, got.Reference)
	}
	whole, err := c.capture(take(in, 700))
	require.NoError(t, err, "it came whole: there is nothing to take any more")
	require.Equal(t, money.New(1999, "EUR"), whole.Captured)
	refund, err := c.refund(give(in, 500))
	require.NoError(t, err)
	require.Equal(t, payment.RefundPending, refund.Status, "it is due")
	require.Equal(t, money.New(500, "EUR"), refund.Payment.Refunded)
	_, err = c.refund(give(in, 1500))
	require.ErrorIs(t, err, payment.ErrRefundExceeds)
	got, err := c.void(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusRefunded, got.Status)
	require.Equal(t, []string{"action_required", "captured", "refunded", "refunded"}, c.kinds(in.OrderID))
	require.Equal(t, books{}, c.books(in.OrderID), "no card was asked")
	_, err = c.SealLedger(t.Context(), payment.SealLedgerInput{})
	require.NoError(t, err)
	require.Equal(t, int64(-1999), c.count("SELECT balance FROM ledger_balances WHERE account = 'refunds_due'"))
	require.Equal(t, int64(1999), c.count("SELECT balance FROM ledger_balances WHERE account = 'bank_account'"))
	c.agree()
}

func TestABankTransferThatComesTooLateIsDueBack(t *testing.T) {
	c := open(t)
	in := c.paid(transfer)
	got, err := c.void(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusVoided, got.Status)
	for range 2 {
		got, err = c.receive(in, 1999)
		require.NoError(t, err)
		require.Equal(t, payment.StatusRefunded, got.Status)
	}
	require.Equal(t, int64(1), c.count("SELECT count(*) FROM bank_transfers WHERE kind = 'returned'"))
	c.agree()
}

func TestOnlyAnExpectedTransferCanCome(t *testing.T) {
	c := open(t)
	in := c.paid(visa)
	_, err := c.receive(in, 1999)
	require.ErrorIs(t, err, payment.ErrPaymentNotTransfer)
	changed := c.paid(transfer)
	_, err = c.change(other(changed, visa))
	require.NoError(t, err)
	_, err = c.receive(changed, 1999)
	require.ErrorIs(t, err, payment.ErrPaymentNotTransfer)
	_, err = c.ReceivePayment(t.Context(), payment.ReceivePaymentInput{PaymentID: id.New(), Amount: money.New(1, "EUR")})
	require.ErrorIs(t, err, payment.ErrPaymentNotFound)
	c.agree()
}

// TestReconcileLeavesTransfersAlone until one has come whose receiver has died.
func TestReconcileLeavesTransfersAlone(t *testing.T) {
	c := open(t)
	in := c.paid(transfer)
	soon := payment.ListUnsettledPaymentsInput{Before: time.Now().Add(time.Minute), Limit: 10}
	got, err := c.ListUnsettledPayments(t.Context(), soon)
	require.NoError(t, err)
	require.Empty(t, got.Orders)
	_, err = c.pool.Exec(t.Context(), "INSERT INTO bank_transfers (key, intent_id, payment_id, kind, amount) SELECT intent_id || ':received', intent_id, payment_id, 'received', amount FROM bank_transfers")
	require.NoError(t, err)
	got, err = c.ListUnsettledPayments(t.Context(), soon)
	require.NoError(t, err)
	require.Len(t, got.Orders, 1)
	now, err := c.resolve(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusCaptured, now.Status)
	c.agree()
}

func TestAProviderThatIsNotConfiguredTakesNothing(t *testing.T) {
	c := open(t)
	cards := payment.New(c.pool, payment.NewStripe(payment.StripeOptions{URL: c.url, Key: apiKey}), payment.Options{Providers: []payment.Provider{payment.ProviderCard}})
	_, err := cards.AuthorizePayment(t.Context(), order(transfer))
	require.ErrorIs(t, err, payment.ErrPaymentMethodUnknown)
	waiting := c.waiting()
	_, err = cards.ChangePaymentMethod(t.Context(), other(waiting, transfer))
	require.ErrorIs(t, err, payment.ErrPaymentMethodUnknown)
	require.Zero(t, c.count("SELECT count(*) FROM bank_transfers"))
}
