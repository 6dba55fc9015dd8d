package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kassa/sql/paymentdb"
)

// settle records the provider's word about a payment, and how the attempts
// ended that it answers. row must have been read before the word was asked for.
// When the payment moved on meanwhile, the word may be old: then the provider
// is asked again, so that the row always ends as the newest word has it.
func (s *Service) settle(ctx context.Context, row paymentdb.Payment, word intent, ends ...ending) (_ paymentdb.Payment, err error) {
	for range 4 {
		if row.ProviderPaymentID != "" && row.ProviderPaymentID != word.ID {
			return row, s.giveBack(ctx, row, word)
		}
		if word.Currency != row.Currency {
			return row, fmt.Errorf("payment %s: the provider has it in %s, not %s", row.ID, word.Currency, row.Currency)
		}
		now := after(row, word)
		told := report{refunds: word.Refunds, ends: append(slices.Clip(ends), authorization(word))}
		if told.request, err = s.cause(ctx, row, now, told); err != nil {
			return row, err
		}
		current, err := s.record(ctx, row, now, told)
		if !errors.Is(err, errMoved) {
			return current, err
		}
		if row, err = s.byID(ctx, row.ID); err != nil {
			return row, err
		}
		if word, err = s.stripe.retrieve(ctx, word.ID); err != nil {
			return row, ErrProviderUnavailable.Because(err)
		}
	}
	return row, ErrPaymentInProgress.Because(errMoved)
}

// authorization is how the attempt to authorize ended that waits for this word.
func authorization(word intent) ending {
	return ending{state: attemptState(word), providerID: word.ID, problem: word.DeclineCode}
}

// cause names the capture or refund that has changed a payment, nil when it is
// none of ours or several at once.
func (s *Service) cause(ctx context.Context, before, now paymentdb.Payment, told report) (*uuid.UUID, error) {
	kind, _ := happened(before, now)
	switch {
	case !moved(before, now):
		return nil, nil
	case kind == kindCaptured, kind == kindRefunded:
		for _, end := range told.ends {
			if end.attempt != nil && end.state == attemptSucceeded {
				return end.attempt.RequestID, nil
			}
		}
		return nil, nil
	case kind != kindRefundFailed:
		return nil, nil
	}
	stood, err := read(ctx, s, func(db *paymentdb.Queries) ([]paymentdb.Refund, error) { return db.ListRefunds(ctx, now.ID) })
	if err != nil {
		return nil, fmt.Errorf("list refunds of payment %s: %w", now.ID, err)
	}
	var cameBack []*uuid.UUID
	for _, refund := range stood {
		for _, word := range told.refunds {
			if word.RefundID == refund.ID.String() && word.Status == string(refundFailed) && refund.Status != word.Status {
				cameBack = append(cameBack, &refund.ID)
			}
		}
	}
	if len(cameBack) != 1 {
		return nil, nil
	}
	return cameBack[0], nil
}

// find looks for what the provider has of a payment: nil when it seems to have
// nothing, which is certain only when nothing was made in the last minute.
func (s *Service) find(ctx context.Context, row paymentdb.Payment) (*intent, error) {
	if row.ProviderPaymentID != "" {
		word, err := s.stripe.retrieve(ctx, row.ProviderPaymentID)
		return &word, err
	}
	all, err := s.stripe.search(ctx, row.OrderID)
	if err != nil {
		return nil, err
	}
	return s.choose(ctx, row, all)
}

// trace is find without the doubt, and slow. Any of the requests of an attempt
// may be the one that arrived, the last as well as the first.
func (s *Service) trace(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error) {
	if row.ProviderPaymentID != "" {
		return s.find(ctx, row)
	}
	until := instant()
	if row.VoidedAt != nil { // none was sent after the tombstone
		until = *row.VoidedAt
	}
	all, err := s.stripe.scan(ctx, row.OrderID, attempt.FirstSentAt, until)
	if err != nil {
		return nil, err
	}
	return s.choose(ctx, row, all)
}

// choose picks the payment's intent: one with money before one without. A
// second one with money is a double charge, and given back at once.
func (s *Service) choose(ctx context.Context, row paymentdb.Payment, all []intent) (*intent, error) {
	var chosen *intent
	for _, each := range all {
		switch {
		case each.PaymentID != row.ID.String():
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
	word, err := s.stripe.retrieve(ctx, chosen.ID)
	return &word, err
}

// giveBack undoes an intent that is not the payment's own: a provider that
// forgot an idempotency key has charged the same order twice. It never was on
// our books, and leaves nothing on them.
func (s *Service) giveBack(ctx context.Context, row paymentdb.Payment, stray intent) error {
	key := row.OrderID.String() + ":stray:" + stray.ID
	stray, err := s.stripe.retrieve(ctx, stray.ID)
	if err != nil {
		return err
	}
	switch {
	case stray.Received > stray.Refunded:
		_, err = s.stripe.refund(ctx, stray.ID, stray.Currency, stray.Received-stray.Refunded, key+":refund", nil)
	case stray.Received == 0 && stray.Status != intentCanceled:
		_, err = s.stripe.cancel(ctx, stray.ID, key+":void")
	}
	if err != nil {
		return fmt.Errorf("give back second charge %s of order %s: %w", stray.ID, row.OrderID, err)
	}
	return nil
}
