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
		if row.ProviderPaymentID != "" && row.ProviderPaymentID != word.ID || superseded(row, word) {
			return row, s.of(row).giveBack(ctx, row, word)
		}
		if word.Currency != row.Currency {
			return row, fmt.Errorf("payment %s: the provider has it in %s, not %s", row.ID, word.Currency, row.Currency)
		}
		now := after(row, word)
		told := report{refunds: word.Refunds, capture: word.CaptureID, ends: append(slices.Clip(ends), authorization(word))}
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
		if word, err = s.of(row).retrieve(ctx, word.ID); err != nil {
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
