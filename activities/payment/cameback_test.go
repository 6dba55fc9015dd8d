package payment_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/money"
)

// faithless is a card whose bank sends refunds back.
const faithless = "pm_card_refundFail"

// settleRefunds lets the time pass that refunds take.
func (c *till) settleRefunds() {
	c.t.Helper()
	_, err := c.provider.Exec(c.t.Context(), "UPDATE refunds SET settle_at = now() WHERE settle_at IS NOT NULL")
	require.NoError(c.t, err)
	require.Eventually(c.t, func() bool {
		var under int
		require.NoError(c.t, c.provider.QueryRow(c.t.Context(), "SELECT count(*) FROM refunds WHERE settle_at IS NOT NULL").Scan(&under))
		return under == 0
	}, patience, tick)
}

// sendBack lets all refunds of faithless cards come back, without telling us, and
// turns the cards into ones whose refunds stay.
func (c *till) sendBack() {
	c.t.Helper()
	c.settleRefunds()
	_, err := c.provider.Exec(c.t.Context(), "UPDATE charges SET payment_method = $1 WHERE payment_method = $2", visa, faithless)
	require.NoError(c.t, err)
}

// toldBack is what payment.refund_failed was told about an order: by refund, how
// often.
func (c *till) toldBack(orderID uuid.UUID) map[string]int {
	c.t.Helper()
	rows, err := c.pool.Query(c.t.Context(), `SELECT coalesce(event #>> '{data,refund_id}', 'none of ours') FROM outbox
		WHERE type = 'payment.refund_failed' AND event #>> '{data,order_id}' = $1`, orderID.String())
	require.NoError(c.t, err)
	defer rows.Close()
	told := map[string]int{}
	for rows.Next() {
		var id string
		require.NoError(c.t, rows.Scan(&id))
		told[id]++
	}
	require.NoError(c.t, rows.Err())
	return told
}

func TestARefundThatComesBackIsRecorded(t *testing.T) {
	c := open(t)
	in := c.paid(faithless)
	failing, standing := give(in, 500), give(in, 300)
	_, err := c.refund(failing)
	require.NoError(t, err)
	c.sendBack()
	c.apply()
	_, err = c.refund(failing)
	require.ErrorIs(t, err, payment.ErrRefundFailed)
	now, err := c.refund(standing)
	require.NoError(t, err)
	require.Equal(t, money.New(300, "EUR"), now.Payment.Refunded)
	history, err := c.ListTransactions(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
	require.NoError(t, err)
	require.Equal(t, []string{"captured", "refunded", "refund_failed", "refunded"}, c.kinds(in.OrderID))
	require.Equal(t, &failing.RefundID, history.Transactions[1].RefundID)
	require.Equal(t, &failing.RefundID, history.Transactions[2].RefundID)
	require.Equal(t, money.New(500, "EUR"), history.Transactions[2].Amount)
	require.Equal(t, map[string]int{failing.RefundID.String(): 1}, c.toldBack(in.OrderID))
	_, err = c.refund(give(in, 1699))
	require.NoError(t, err, "what came back can be given again")
	c.agree()
}

// TestEachRefundThatComesBackIsTold: the look that finds it finds another change
// too, which may weigh as much, more or less.
func TestEachRefundThatComesBackIsTold(t *testing.T) {
	for name, cents := range map[string]int64{"less": 300, "as much": 500, "more": 800, "all of it": 1999, "nothing": 0} {
		t.Run(name+" is given back meanwhile", func(t *testing.T) {
			c := open(t)
			in := c.paid(faithless)
			failing := give(in, 500)
			_, err := c.refund(failing)
			require.NoError(t, err)
			c.sendBack()
			kinds := []string{"captured", "refunded", "refund_failed"}
			if cents > 1499 {
				c.apply() // we give back no more than we know to have
			}
			if cents > 0 {
				now, err := c.refund(give(in, cents))
				require.NoError(t, err)
				require.Equal(t, money.New(cents, "EUR"), now.Payment.Refunded)
				kinds = append(kinds, "refunded")
			}
			c.apply()
			require.Equal(t, kinds, c.kinds(in.OrderID))
			require.Equal(t, map[string]int{failing.RefundID.String(): 1}, c.toldBack(in.OrderID))
			c.replay(1)
			c.apply()
			require.Equal(t, kinds, c.kinds(in.OrderID), "once")
			c.agree()
		})
	}
	t.Run("two come back at once", func(t *testing.T) {
		c := open(t)
		in := c.paid(faithless)
		first, second := give(in, 500), give(in, 300)
		for _, ask := range []payment.RefundPaymentInput{first, second} {
			_, err := c.refund(ask)
			require.NoError(t, err)
		}
		c.sendBack()
		c.apply()
		require.Equal(t, []string{"captured", "refunded", "refunded", "refund_failed", "refund_failed"}, c.kinds(in.OrderID))
		require.Equal(t, map[string]int{first.RefundID.String(): 1, second.RefundID.String(): 1}, c.toldBack(in.OrderID))
		c.agree()
	})
	t.Run("money is taken meanwhile", func(t *testing.T) {
		c := open(t)
		in := order(faithless, manual)
		_, err := c.authorize(in)
		require.NoError(t, err)
		_, err = c.capture(take(in, 900))
		require.NoError(t, err)
		failing := give(in, 900)
		_, err = c.refund(failing)
		require.NoError(t, err)
		c.sendBack()
		taking := take(in, 400)
		_, err = c.capture(taking)
		require.NoError(t, err)
		c.apply()
		history, err := c.ListTransactions(t.Context(), payment.ReadPaymentInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, []string{"authorized", "captured", "refunded", "refund_failed", "captured"}, c.kinds(in.OrderID))
		require.Equal(t, &taking.CaptureID, history.Transactions[4].CaptureID)
		require.Equal(t, map[string]int{failing.RefundID.String(): 1}, c.toldBack(in.OrderID))
		c.agree()
	})
}

// TestARefundThatComesBackRacesAnother: each is told once, and given back once.
func TestARefundThatComesBackRacesAnother(t *testing.T) {
	c := open(t)
	var failing, standing []payment.RefundPaymentInput
	for range 20 {
		in := c.paid(faithless, faulty("refund.latency:30"))
		ask := give(in, 500)
		_, err := c.refund(ask)
		require.NoError(t, err)
		failing, standing = append(failing, ask), append(standing, give(in, 700))
	}
	c.sendBack()
	var racing sync.WaitGroup
	for _, ask := range standing {
		racing.Go(func() { _, _ = c.ApplyWebhooks(t.Context(), payment.ApplyWebhooksInput{}) })
		err := c.patiently(func() error { _, err := c.RefundPayment(t.Context(), ask); return err })
		require.NoError(t, err)
	}
	racing.Wait()
	c.apply()
	for i, ask := range failing {
		require.Equal(t, books{Charges: 1, Attempts: 1, Taken: 1299}, c.books(ask.OrderID))
		require.Equal(t, []string{"captured", "refunded", "refund_failed", "refunded"}, c.kinds(ask.OrderID))
		require.Equal(t, map[string]int{failing[i].RefundID.String(): 1}, c.toldBack(ask.OrderID))
	}
	c.agree()
}
