package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		if word.Refunded < row.Refunded+given(ends) { // some came back: which?
			if word, err = s.of(row).truth(ctx, word.ID); err != nil {
				return row, ErrProviderUnavailable.Because(err)
			}
		}
		told := report{refunds: word.Refunds, capture: word.CaptureID, ends: append(slices.Clip(ends), authorization(word))}
		if told.back, err = s.cameBack(ctx, row, word.Refunds); err != nil {
			return row, err
		}
		current, err := s.record(ctx, row, after(row, word), told)
		if !errors.Is(err, errMoved) {
			return current, err
		}
		if row, err = s.byID(ctx, row.ID); err != nil {
			return row, err
		}
		if word, err = s.of(row).truth(ctx, word.ID); err != nil {
			return row, ErrProviderUnavailable.Because(err)
		}
	}
	return row, ErrPaymentInProgress.Because(errMoved)
}

// authorization is how the attempt to authorize ended that waits for this word.
func authorization(word intent) ending {
	return ending{state: attemptState(word), providerID: word.ID, problem: word.DeclineCode}
}

// given is what refunds gave back that have ended well, in minor units.
func given(ends []ending) int64 {
	sum := int64(0)
	for _, end := range ends {
		if end.attempt != nil && end.attempt.Operation == opRefund && end.state == attemptSucceeded {
			sum += end.attempt.Amount
		}
	}
	return sum
}

// cameBack picks the refunds that stood until now and that the provider says have
// failed.
func (s *Service) cameBack(ctx context.Context, row paymentdb.Payment, words []refundWord) ([]paymentdb.Refund, error) {
	failed := map[string]bool{}
	for _, word := range words {
		if word.Status == string(refundFailed) {
			failed[word.RefundID] = true
		}
	}
	if len(failed) == 0 {
		return nil, nil
	}
	all, err := read(ctx, s, func(db *paymentdb.Queries) ([]paymentdb.Refund, error) { return db.ListRefunds(ctx, row.ID) })
	if err != nil {
		return nil, fmt.Errorf("list refunds of payment %s: %w", row.ID, err)
	}
	return slices.DeleteFunc(all, func(refund paymentdb.Refund) bool {
		stood := refund.Status == string(RefundPending) || refund.Status == string(RefundSucceeded)
		return !stood || !failed[refund.ID.String()]
	}), nil
}
