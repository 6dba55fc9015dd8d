package payment

import (
	"context"
	"time"
)

const (
	// pollEvery is how often the database is asked for waiting work.
	pollEvery = time.Second
	// gatherFor lets webhooks come together, and the answers that they repeat
	// be recorded, before they are applied.
	gatherFor = 250 * time.Millisecond
)

// ApplyingWebhooks is the component that applies stored webhooks, until its
// context ends. report is told what goes wrong; the work goes on.
func ApplyingWebhooks(s *Service, report func(error)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for s.wait(ctx, s.webhooks.came) {
			for {
				applied, err := s.ApplyWebhooks(ctx, ApplyWebhooksInput{})
				if err != nil && ctx.Err() == nil {
					report(err)
				}
				if err != nil || applied.Done+applied.Delayed == 0 {
					break
				}
			}
		}
		return nil
	}
}

// SealingLedger is the component that seals new ledger entries.
func SealingLedger(s *Service, report func(error)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for s.wait(ctx, nil) {
			for {
				sealed, err := s.SealLedger(ctx, SealLedgerInput{})
				if err != nil && ctx.Err() == nil {
					report(err)
				}
				if err != nil || sealed.Entries < sealMost {
					break
				}
			}
		}
		return nil
	}
}

// wait answers true when it is time to look for work, false when ctx has ended.
func (s *Service) wait(ctx context.Context, sooner <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-sooner:
	case <-time.After(pollEvery):
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(gatherFor):
		return true
	}
}
