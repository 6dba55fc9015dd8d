package provider

import (
	"context"
	"time"

	"go.uber.org/zap"

	"kassa/sql/pspdb"
)

const (
	settleEvery = 250 * time.Millisecond
	forgetEvery = time.Hour
)

// settle gives intents that are processing, and refunds under way, their late outcome, and forgets
// old idempotency keys, until ctx ends.
func (s *Server) settle(ctx context.Context) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	var forgotten time.Time
	for {
		if err := s.settleDue(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("settle payments", zap.Error(err))
		}
		if time.Since(forgotten) > forgetEvery {
			if _, err := s.forgetKeys(ctx, keysKept); err == nil {
				forgotten = time.Now()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) settleDue(ctx context.Context) error {
	intents, err := s.queries.ListSettlingPaymentIntents(ctx)
	if err != nil {
		return err
	}
	for _, id := range intents {
		_, _ = s.alter(ctx, "settle", id, settleIntent) // what could not be written is due again
	}
	refunds, err := s.queries.ListSettlingRefunds(ctx)
	if err != nil {
		return err
	}
	for _, id := range refunds {
		refund, err := s.queries.GetRefund(ctx, id)
		if err != nil {
			return err
		}
		_, _ = s.alter(ctx, "settle", refund.IntentID, func(p *payment, _ plan) *refusal {
			settleRefund(p, refund)
			return nil
		})
	}
	return nil
}

func settleIntent(p *payment, _ plan) *refusal {
	if p.intent.Status != "processing" {
		return nil
	}
	if code := p.intent.SettleAs; code != "" {
		p.decline(code)
		return nil
	}
	p.accept()
	return nil
}

func settleRefund(p *payment, refund pspdb.Refund) {
	p.refund = &refund
	if refund.SettleAs == "failed" {
		p.takeBack()
		return
	}
	p.refund.Status, p.refund.SettleAt = "succeeded", nil
	p.happen("refund.updated", refundObject(*p.refund))
}
