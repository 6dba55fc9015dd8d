package provider

import (
	"context"
	"net/http"
	"time"

	"kassa/internal/pg"
)

var refundReasons = []string{"duplicate", "fraudulent", "requested_by_customer"}

// refundsSettle is how long the refund of pm_card_pendingRefund and pm_card_refundFail takes.
const refundsSettle = time.Second

// createRefund is POST /v1/refunds, by payment intent or by charge.
var createRefund = operation{
	name: "refund", known: []string{"payment_intent", "charge", "amount", "currency", "reason", "metadata", "instructions_email", "origin"},
	load: func(ctx context.Context, s *Server, c *call) (*payment, *refusal) {
		c.id = c.params.text("payment_intent")
		if charge := c.params.text("charge"); charge != "" {
			found, err := s.queries.GetCharge(ctx, charge)
			switch {
			case pg.NotFound(err):
				return nil, missing("charge", "charge", charge)
			case err != nil:
				return nil, s.broken("read charge", err)
			case c.id != "" && c.id != found.IntentID:
				return nil, invalid("", "charge", "The charge does not belong to the payment_intent.")
			}
			c.id = found.IntentID
		}
		if c.id == "" {
			return nil, invalid("parameter_missing", "payment_intent", "One of the following params should be provided for this request: payment_intent or charge.")
		}
		return loadIntent(ctx, s, c)
	},
	change: func(c *call, p *payment) (any, *refusal) {
		left := p.intent.AmountReceived - p.intent.AmountRefunded
		amount := c.params.amount("amount", left)
		reason := c.params.choice("reason", "", refundReasons...)
		metadata := c.params.metadata(nil)
		switch {
		case c.params.refused != nil:
			return nil, c.params.refused
		case p.intent.AmountReceived == 0: // a part that was captured may be given back while the rest is held
			return nil, invalid("", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", p.intent.ID)
		case left == 0:
			return nil, invalid("charge_already_refunded", "", "Charge %s has already been refunded.", p.charge.ID)
		case amount > left:
			return nil, refuse(http.StatusBadRequest, invalidRequest, "", "amount",
				"Refund amount (%d) is greater than unrefunded amount on charge (%d), in minor units of %s.", amount, left, p.intent.Currency)
		}
		status, settles := refundOutcome(p.charge.PaymentMethod)
		p.giveBack(amount, status, reason, metadata)
		if settles != "" {
			at := p.now.Add(refundsSettle)
			p.refund.SettleAt, p.refund.SettleAs = &at, settles
		}
		return refundObject(*p.refund), nil
	},
}

// refundOutcome is the status of a refund at once, and the one it gets later, if another.
func refundOutcome(paymentMethod string) (status, settles string) {
	switch methods[paymentMethod].refunds {
	case "pending":
		return "pending", "succeeded"
	case "failed":
		return "succeeded", "failed"
	}
	return "succeeded", ""
}

// retrieveRefund is GET /v1/refunds/{id}.
func (s *Server) retrieveRefund(ctx context.Context, c *call) (any, *refusal) {
	found, err := s.queries.GetRefund(ctx, c.id)
	if pg.NotFound(err) {
		return nil, missing("refund", "id", c.id)
	}
	if err != nil {
		return nil, s.broken("read refund", err)
	}
	return refundObject(found), nil
}
