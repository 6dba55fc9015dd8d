package payment

import (
	"context"
	"errors"
	"fmt"

	"kassa/sql/paymentdb"
)

// perform does a capture, a refund or a void.
func (s *Stripe) perform(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (word intent, providerID string, err error) {
	providerID = row.ProviderPaymentID
	switch attempt.Operation {
	case opVoid:
		if row.Captured > 0 {
			word, err = s.release(ctx, row, attempt.Key)
		} else {
			word, err = s.cancel(ctx, row.ProviderPaymentID, attempt.Key)
		}
	case opCapture:
		word, err = s.capture(ctx, row, attempt)
	case opRefund:
		refund, err := s.refund(ctx, row.ProviderPaymentID, row.Currency, attempt.Amount, attempt.Key, attempt.RequestID)
		if err != nil {
			return word, providerID, err
		}
		word, err = s.retrieve(ctx, row.ProviderPaymentID)
		word.Refunds = []refundWord{refund}
		return word, refund.ID, err
	default:
		return word, providerID, fmt.Errorf("attempt %s: unknown operation", attempt.Key)
	}
	if err == nil && word.replayed { // it tells how things were; ask how they are
		word, err = s.retrieve(ctx, word.ID)
	}
	return word, providerID, err
}

// truth answers how a payment is, with its refunds. They are two questions, so
// it looks at the payment before and after: both answers must be of one moment.
func (s *Stripe) truth(ctx context.Context, intentID string) (intent, error) {
	before, err := s.retrieve(ctx, intentID)
	if err != nil {
		return before, err
	}
	for range 3 {
		refunds, err := s.refunds(ctx, intentID)
		if err != nil {
			return before, err
		}
		after, err := s.retrieve(ctx, intentID)
		if err != nil || after.Refunded == before.Refunded {
			after.Refunds = refunds
			return after, err
		}
		before = after
	}
	return before, ErrProviderUnavailable.Because(errMoved)
}

// find looks for what the provider has of a payment: nil when it seems to have
// nothing, which is certain only when nothing was made in the last minute.
func (s *Stripe) find(ctx context.Context, row paymentdb.Payment) (*intent, error) {
	if row.ProviderPaymentID != "" {
		word, err := s.retrieve(ctx, row.ProviderPaymentID)
		return &word, err
	}
	all, err := s.search(ctx, row.OrderID)
	if err != nil {
		return nil, err
	}
	return s.choose(ctx, row, all)
}

// trace is find without the doubt, and slow. Any of the requests of an attempt
// may be the one that arrived, the last as well as the first.
func (s *Stripe) trace(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error) {
	if row.ProviderPaymentID != "" {
		return s.find(ctx, row)
	}
	until := instant()
	if row.VoidedAt != nil { // none was sent after the tombstone
		until = *row.VoidedAt
	}
	all, err := s.scan(ctx, row.OrderID, attempt.FirstSentAt, until)
	if err != nil {
		return nil, err
	}
	return s.choose(ctx, row, all)
}

// choose picks the payment's intent: one with money before one without. A
// second one with money is a double charge, and given back at once.
func (s *Stripe) choose(ctx context.Context, row paymentdb.Payment, all []intent) (*intent, error) {
	var chosen *intent
	for _, each := range all {
		switch {
		case each.PaymentID != row.ID.String():
		case superseded(row, each) && !each.hasMoney():
		case superseded(row, each):
			if err := s.giveBack(ctx, row, each); err != nil {
				return nil, err
			}
		case chosen == nil:
			chosen = &each
		case !each.hasMoney():
		case !chosen.hasMoney():
			chosen = &each
		default:
			if err := s.giveBack(ctx, row, each); err != nil {
				return nil, err
			}
		}
	}
	if chosen == nil {
		return nil, nil //nolint:nilnil // nothing found
	}
	// A search may be behind in what it shows too.
	word, err := s.retrieve(ctx, chosen.ID)
	return &word, err
}

// giveBack undoes an intent that is not the payment's own: a provider that
// forgot an idempotency key has charged the same order twice. It never was on
// our books, and leaves nothing on them.
func (s *Stripe) giveBack(ctx context.Context, row paymentdb.Payment, stray intent) error {
	key := row.OrderID.String() + ":stray:" + stray.ID
	stray, err := s.retrieve(ctx, stray.ID)
	if err != nil {
		return err
	}
	switch {
	case stray.Received > stray.Refunded:
		_, err = s.refund(ctx, stray.ID, stray.Currency, stray.Received-stray.Refunded, key+":refund", nil)
	case stray.Received == 0 && stray.Status != intentCanceled:
		_, err = s.cancel(ctx, stray.ID, key+":void")
	}
	if err != nil {
		return fmt.Errorf("give back second charge %s of order %s: %w", stray.ID, row.OrderID, err)
	}
	return nil
}

// fence answers what came of an authorization that was not found: nil when
// nothing ever will.
func (s *Stripe) fence(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error) {
	err := s.spend(ctx, row, attempt.Key)
	if !errors.Is(err, errKeyUsed) {
		return nil, err
	}
	// It did arrive. Sending it again repeats the answer and nothing else.
	word, err := s.authorize(ctx, row, attempt)
	if errors.Is(err, errReplayed) {
		return s.trace(ctx, row, attempt)
	}
	if err != nil {
		return nil, err
	}
	word, err = s.retrieve(ctx, word.ID)
	return &word, err
}
