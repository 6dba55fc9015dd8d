package payment_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/sandbox/psp/provider"
)

// model is a payment as a reader of doc.go imagines it, in cents.
type model struct {
	in                       payment.AuthorizePaymentInput
	held, taken, refunded    int64
	voided                   bool
	captures, refunds        []uuid.UUID // that were made
	captureAmounts, givenOut map[uuid.UUID]int64
	finals                   map[uuid.UUID]bool
}

func (m *model) status() payment.PaymentStatus {
	switch {
	case m.held > 0:
		return payment.StatusAuthorized
	case m.taken == 0:
		return payment.StatusVoided
	case m.refunded == m.taken:
		return payment.StatusRefunded
	}
	return payment.StatusCaptured
}

// capture answers the reason of the refusal, or "".
func (m *model) capture(captureID uuid.UUID, cents int64, final bool) string {
	if _, made := m.captureAmounts[captureID]; made {
		return ""
	}
	switch {
	case m.taken == 0 && m.held == 0:
		return payment.ErrPaymentNotCapturable.Reason
	case cents > m.held:
		return payment.ErrCaptureExceeds.Reason
	}
	m.taken, m.held = m.taken+cents, m.held-cents
	if final {
		m.held = 0
	}
	m.captures, m.captureAmounts[captureID], m.finals[captureID] = append(m.captures, captureID), cents, final
	return ""
}

func (m *model) refund(refundID uuid.UUID, cents int64) string {
	if _, made := m.givenOut[refundID]; made {
		return ""
	}
	if m.voided || m.refunded+cents > m.taken {
		return payment.ErrRefundExceeds.Reason
	}
	m.refunded += cents
	m.refunds, m.givenOut[refundID] = append(m.refunds, refundID), cents
	return ""
}

func (m *model) void() { m.held, m.refunded, m.voided = 0, m.taken, true }

// mishaps are what may happen to any request, with what becomes of it.
var mishaps = []string{
	"", "", "drop_reply", "drop_request", "error", "error_after_commit", "unavailable", "unavailable_after_commit", "forget_key", "rate_limit", "lock_timeout", "webhook_duplicate",
}

// TestBehavesLikeItsModel runs random histories of a payment beside a provider
// that does not always answer, and compares it with the model and with the
// provider's books after every step.
func TestBehavesLikeItsModel(t *testing.T) {
	c := open(t)
	rapid.Check(t, func(r *rapid.T) {
		capture := rapid.SampledFrom([]payment.CaptureMode{payment.CaptureAutomatic, payment.CaptureManual, payment.CaptureManual}).Draw(r, "capture")
		m := &model{captureAmounts: map[uuid.UUID]int64{}, givenOut: map[uuid.UUID]int64{}, finals: map[uuid.UUID]bool{}}
		m.in = order(visa, func(in *payment.AuthorizePaymentInput) { in.Capture = capture })
		c.mishap(r, "create")
		_, err := c.authorize(m.in)
		require.NoError(r, err)
		if m.taken = 1999; capture == payment.CaptureManual {
			m.taken, m.held = 0, 1999
		}
		for range rapid.IntRange(1, 9).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"capture", "capture", "refund", "refund", "resolve", "webhooks", "void"}).Draw(r, "step") {
			case "capture":
				c.captures(r, m)
			case "refund":
				c.refunds(r, m)
			case "resolve":
				_, err := c.resolve(m.in.OrderID)
				require.NoError(r, err)
			case "webhooks":
				_, err := c.ApplyWebhooks(t.Context(), payment.ApplyWebhooksInput{})
				require.NoError(r, err)
			case "void":
				c.mishap(r, rapid.SampledFrom([]string{"cancel", "refund", "capture"}).Draw(r, "asked"))
				_, err := c.void(m.in.OrderID)
				require.NoError(r, err)
				m.void()
			}
			c.like(r, m)
		}
	})
	c.faults(provider.FaultSettings{})
	c.apply()
	c.agree()
}

// mishap lets one request of that operation go wrong, or none.
func (c *till) mishap(r *rapid.T, operation string) {
	settings := provider.FaultSettings{}
	if name := rapid.SampledFrom(mishaps).Draw(r, "mishap"); name != "" {
		settings.Faults = []provider.FaultRule{{Fault: name, Rate: 1, Times: 1, Operations: []string{operation}}}
	}
	c.faults(settings)
}

// captures takes a part, anew or once more, and expects what the model says.
func (c *till) captures(r *rapid.T, m *model) {
	captureID, cents, final := id.New(), rapid.Int64Range(1, 1200).Draw(r, "cents"), rapid.Bool().Draw(r, "final")
	if len(m.captures) > 0 && rapid.Bool().Draw(r, "again") {
		captureID = rapid.SampledFrom(m.captures).Draw(r, "capture id")
		cents, final = m.captureAmounts[captureID], m.finals[captureID]
	}
	c.mishap(r, "capture")
	_, err := c.capture(payment.CapturePaymentInput{OrderID: m.in.OrderID, CaptureID: captureID, Amount: money.New(cents, "EUR"), Final: final})
	require.Equal(r, m.capture(captureID, cents, final), reason(err))
}

func (c *till) refunds(r *rapid.T, m *model) {
	refundID, cents := id.New(), rapid.Int64Range(1, 1200).Draw(r, "cents")
	if len(m.refunds) > 0 && rapid.Bool().Draw(r, "again") {
		refundID = rapid.SampledFrom(m.refunds).Draw(r, "refund id")
		cents = m.givenOut[refundID]
	}
	c.mishap(r, "refund")
	_, err := c.refund(payment.RefundPaymentInput{OrderID: m.in.OrderID, RefundID: refundID, Amount: money.New(cents, "EUR")})
	require.Equal(r, m.refund(refundID, cents), reason(err))
}

// like compares the payment and the provider's books with the model.
func (c *till) like(r *rapid.T, m *model) {
	now, err := c.ReadPayment(c.t.Context(), payment.ReadPaymentInput{OrderID: m.in.OrderID})
	require.NoError(r, err)
	require.Equal(r, m.status(), now.Status)
	require.Equal(r, []int64{m.held + m.taken, m.taken, m.refunded}, []int64{now.Authorized.Amount, now.Captured.Amount, now.Refunded.Amount})
	theirs := c.books(m.in.OrderID)
	require.Equal(r, []int64{m.held, m.taken - m.refunded}, []int64{theirs.Held, theirs.Taken})
	require.Equal(r, 1, theirs.Charges)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Reason
}
