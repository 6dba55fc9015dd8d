package payment_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/sandbox/psp/provider"
)

func TestVoidPaymentUndoesEveryState(t *testing.T) {
	c := open(t)
	for _, each := range []struct {
		name   string
		in     payment.AuthorizePaymentInput
		status payment.PaymentStatus
		theirs books
	}{
		{"taken", order(visa), payment.StatusRefunded, books{Charges: 1, Attempts: 1}},
		{"held", order(visa, manual), payment.StatusVoided, books{Charges: 1, Attempts: 1}},
		{"with the bank", order(challenged), payment.StatusVoided, books{}},
		{"declined", order(declined), payment.StatusFailed, books{Attempts: 1}},
		{"refused", order("pm_card_unheard_of"), payment.StatusFailed, books{}},
	} {
		t.Run(each.name, func(t *testing.T) {
			_, _ = c.AuthorizePayment(t.Context(), each.in)
			first, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: each.in.OrderID})
			require.NoError(t, err)
			require.Equal(t, each.status, first.Status)
			require.Empty(t, first.ActionURL)
			again, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: each.in.OrderID})
			require.NoError(t, err)
			require.Equal(t, first, again)
			require.Equal(t, each.theirs, c.books(each.in.OrderID))
			_, err = c.AuthorizePayment(t.Context(), each.in)
			require.Error(t, err)
		})
	}
	c.apply()
	c.agree()
}

func TestATombstoneRefusesALateAuthorization(t *testing.T) {
	c := open(t)
	in := order(visa)
	for range 2 {
		got, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, payment.StatusVoided, got.Status)
	}
	_, err := c.AuthorizePayment(t.Context(), in)
	require.ErrorIs(t, err, payment.ErrPaymentVoided)
	require.Equal(t, books{}, c.books(in.OrderID))
	_, err = c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.ErrorIs(t, err, payment.ErrPaymentNotFound, "a tombstone is no payment")
	c.agree()
}

// TestVoidPaymentFindsOutFirst voids authorizations of which nobody knows what
// became of them. Nothing may be charged for it that was not charged already.
func TestVoidPaymentFindsOutFirst(t *testing.T) {
	type end struct {
		status payment.PaymentStatus
		theirs books
	}
	charged := end{payment.StatusRefunded, books{Charges: 1, Attempts: 1}}
	refused := end{payment.StatusFailed, books{Attempts: 1}}
	never := end{payment.StatusVoided, books{}}
	ends := map[string]end{
		"drop_reply": charged, "silent": charged, "error_after_commit": charged, "unavailable_after_commit": charged,
		"latency:1000": charged, "late_success:600": charged,
		"late_decline:600": refused, "decline,drop_reply": refused,
		"drop_request": never, "hang": never, "error": never, "unavailable*always": never,
	}
	for _, lag := range []int64{0, 60_000} {
		c := hasty(t)
		c.faults(provider.FaultSettings{SearchLagMS: lag})
		orders := map[uuid.UUID]end{}
		c.together("search "+strconv.Itoa(int(lag))+" ms behind", slices.Sorted(maps.Keys(ends)), func(c *till, faults string) {
			in := order(visa, faulty(faults))
			_, err := c.AuthorizePayment(c.t.Context(), in)
			require.ErrorIs(c.t, err, payment.ErrProviderUnavailable)
			got, err := c.void(in.OrderID)
			require.NoError(c.t, err)
			require.Equal(c.t, ends[faults].status, got.Status)
			require.Equal(c.t, ends[faults].theirs, c.books(in.OrderID))
			_, err = c.AuthorizePayment(c.t.Context(), in)
			require.Error(c.t, err)
			c.mu.Lock()
			defer c.mu.Unlock()
			orders[in.OrderID] = ends[faults]
		})
		c.apply()
		for orderID, end := range orders {
			require.Equal(t, end.theirs, c.books(orderID))
		}
		c.agree()
	}
}

// TestAQuestionThatIsRefusedIsNoAnswer: the provider refuses to be searched, or
// does not know an intent of its own. That tells nothing about the payment.
func TestAQuestionThatIsRefusedIsNoAnswer(t *testing.T) {
	c := open(t)
	for name, refuses := range map[string]func(*http.Request) bool{
		"search":   func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/search") },
		"retrieve": func(r *http.Request) bool { return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/pi_") },
	} {
		t.Run(name, func(t *testing.T) {
			behind, err := url.Parse(c.url)
			require.NoError(t, err)
			pass := httputil.NewSingleHostReverseProxy(behind)
			strict := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !refuses(r) {
					pass.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error": {"type": "invalid_request_error", "message": "not here"}}`)
			}))
			defer strict.Close()
			asking := payment.New(c.pool, payment.NewStripe(payment.StripeOptions{URL: strict.URL, Key: apiKey}), payment.Options{AllowFaults: true})

			in := order(visa, faulty("drop_reply"))
			for range 2 {
				_, err = asking.AuthorizePayment(t.Context(), in)
				require.ErrorIs(t, err, payment.ErrProviderUnavailable)
			}
			_, err = asking.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
			require.ErrorIs(t, err, payment.ErrProviderUnavailable)
			_, err = c.void(in.OrderID)
			require.NoError(t, err)
			require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
		})
	}
	c.agree()
}

func TestVoidPaymentLeavesALivingSenderAlone(t *testing.T) {
	c := open(t)
	in := order(visa, faulty("latency:4000"))
	var asking sync.WaitGroup
	asking.Go(func() { _, _ = c.AuthorizePayment(t.Context(), in) })
	require.Eventually(t, func() bool {
		_, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
		return err == nil
	}, patience, tick)
	_, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
	require.ErrorIs(t, err, payment.ErrPaymentInProgress)
	asking.Wait()
	got, err := c.void(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusRefunded, got.Status)
	require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
	c.agree()
}

func TestVoidPaymentSurvivesTheProvider(t *testing.T) {
	faults := []string{"drop_request", "hang", "unavailable", "rate_limit", "drop_reply", "silent", "unavailable_after_commit", "error_after_commit", "forget_key"}
	c := hasty(t)
	for operation, capture := range map[string]payment.CaptureMode{"refund": payment.CaptureAutomatic, "cancel": payment.CaptureManual} {
		c.together(operation, faults, func(c *till, faults string) {
			in := order(visa, faulty(operation+"."+faults), func(in *payment.AuthorizePaymentInput) { in.Capture = capture })
			_, err := c.authorize(in)
			require.NoError(c.t, err)
			got, err := c.void(in.OrderID)
			require.NoError(c.t, err)
			require.Contains(c.t, []payment.PaymentStatus{payment.StatusRefunded, payment.StatusVoided}, got.Status)
			require.Equal(c.t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
		})
	}
	c.apply()
	c.agree()
}

func TestAnOutageKeptForARefundIsOvercomeByTheNextKey(t *testing.T) {
	c := open(t)
	in := order(visa)
	_, err := c.authorize(in)
	require.NoError(t, err)
	c.faults(provider.FaultSettings{Faults: []provider.FaultRule{{Fault: "error", Rate: 1, Times: 1, Operations: []string{"refund"}}}})
	got, err := c.void(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusRefunded, got.Status)
	require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
	c.apply()
	c.agree()
}

func TestVoidPaymentRefundsOnceHoweverManyAsk(t *testing.T) {
	c := open(t)
	in := order(visa)
	_, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	answers := make([]error, 20)
	var asking sync.WaitGroup
	for i := range answers {
		asking.Go(func() { _, answers[i] = c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID}) })
	}
	asking.Wait()
	for _, err := range answers {
		if err != nil {
			require.Equal(t, fault.Unavailable, fault.Of(err).Code, "come again: %v", err)
		}
	}
	_, err = c.void(in.OrderID)
	require.NoError(t, err)
	var refunds int
	require.NoError(t, c.provider.QueryRow(t.Context(), "SELECT count(*) FROM refunds").Scan(&refunds))
	require.Equal(t, 1, refunds)
	c.agree()
}

// TestLateSuccessAfterTheTombstone: the provider works slowly, forgets the key
// and is not found by its search, so that the void sees nothing and ends. Its
// webhook must still bring the money back.
func TestLateSuccessAfterTheTombstone(t *testing.T) {
	for _, each := range []struct {
		in     payment.AuthorizePaymentInput
		late   books
		status payment.PaymentStatus
	}{
		{order(visa), books{Charges: 1, Taken: 1999, Attempts: 1}, payment.StatusRefunded},
		{order(visa, manual), books{Charges: 1, Held: 1999, Attempts: 1}, payment.StatusVoided},
	} {
		c := open(t)
		c.faults(provider.FaultSettings{SearchLagMS: 60_000})
		in := each.in
		in.Faults = "drop_reply,forget_key,webhook_delay:800"
		_, err := c.AuthorizePayment(t.Context(), in)
		require.ErrorIs(t, err, payment.ErrProviderUnavailable)
		got, err := c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, payment.StatusVoided, got.Status, "as far as anybody can know")
		require.Equal(t, each.late, c.books(in.OrderID))
		c.apply()
		require.Equal(t, books{Charges: 1, Attempts: 1}, c.books(in.OrderID))
		after, err := c.ReadPayment(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, each.status, after.Status)
		c.agree()
	}
}

func TestARefundThatFailsLaterIsSeen(t *testing.T) {
	c := open(t)
	in := order("pm_card_refundFail")
	_, err := c.AuthorizePayment(t.Context(), in)
	require.NoError(t, err)
	got, err := c.void(in.OrderID)
	require.NoError(t, err)
	require.Equal(t, payment.StatusRefunded, got.Status)
	_, err = c.provider.Exec(t.Context(), "UPDATE refunds SET settle_at = now()")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var failed int
		require.NoError(t, c.provider.QueryRow(t.Context(), "SELECT count(*) FROM refunds WHERE status = 'failed'").Scan(&failed))
		return failed == 1
	}, patience, tick)
	c.apply()
	history, err := c.ListTransactions(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	kinds := []string{}
	for _, each := range history.Transactions {
		kinds = append(kinds, each.Kind)
	}
	require.Equal(t, []string{"captured", "refunded", "refund_failed", "refunded"}, kinds, "it is tried again")
	c.agree()
}

func TestVoidRacesAuthorize(t *testing.T) {
	c := open(t)
	for range 40 {
		in := order(visa)
		var racing sync.WaitGroup
		racing.Go(func() { _, _ = c.AuthorizePayment(t.Context(), in) })
		racing.Go(func() { _, _ = c.VoidPayment(t.Context(), payment.VoidPaymentInput{OrderID: in.OrderID}) })
		racing.Wait()
		_, err := c.void(in.OrderID)
		require.NoError(t, err)
		theirs := c.books(in.OrderID)
		require.Zero(t, theirs.Taken+theirs.Held)
	}
	c.apply()
	c.agree()
}
