package payment

import (
	"context"
	"errors"
	"fmt"

	"kassa/internal/id"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// VoidPayment undoes an order's payment, whatever became of it: it cancels what
// is held, refunds what was taken, and finds out first what is not known. It
// leaves a tombstone, also where there is no payment, which refuses every later
// AuthorizePayment. It may be repeated; an error means that it must be.
func (s *Service) VoidPayment(ctx context.Context, in VoidPaymentInput) (Payment, error) {
	open := true
	row, err := read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Payment, error) {
		row, err := db.VoidPayment(ctx, id.New(), in.OrderID, instant())
		if err == nil && settled(row.Status) && undoing(row) == "" {
			if _, err = db.GetOpenAttempt(ctx, row.ID); pg.NotFound(err) {
				open, err = false, nil
			}
		}
		return row, err
	})
	if err != nil {
		return Payment{}, fmt.Errorf("void payment of order %s: %w", in.OrderID, err)
	}
	if !open {
		return s.payment(row), nil
	}
	if row, err = s.undo(ctx, row); err != nil {
		return Payment{}, err
	}
	return s.payment(row), nil
}

// undo brings a payment to where no money is left in it. Each turn takes one
// step and looks again: a step can fail because the payment was elsewhere than
// we thought.
func (s *Service) undo(ctx context.Context, row paymentdb.Payment) (paymentdb.Payment, error) {
	leave, err := s.of(row).enter()
	if err != nil {
		return row, err
	}
	defer leave()
	for range 5 {
		var attempt *paymentdb.Attempt
		if row, attempt, err = s.take(ctx, row.ID); err != nil {
			return row, err
		}
		switch {
		case attempt != nil && attempt.Operation == opAuthorize:
			row, err = s.decide(ctx, row, *attempt)
		case attempt != nil:
			row, err = s.resume(ctx, row, *attempt)
		case undoing(row) != "":
			if attempt, err = s.startUndo(ctx, row); err == nil {
				row, err = s.perform(ctx, row, *attempt)
			}
		case settled(row.Status):
			return row, nil
		default:
			row, err = s.observe(ctx, row, nil) // it is being processed
		}
		if err == nil && row.Status == string(StatusUnknown) {
			err = ErrProviderUnavailable.Because(fmt.Errorf("payment %s is being processed", row.ID))
		}
		if err != nil {
			return row, err
		}
	}
	return row, ErrPaymentInProgress.Because(fmt.Errorf("payment %s is still %s", row.ID, row.Status))
}

// undoing is the next step towards where no money is left in a payment, or ""
// when none is. What is held is let go first, also when a part of it was taken.
func undoing(row paymentdb.Payment) string {
	switch PaymentStatus(row.Status) {
	case StatusRequiresAction, StatusAuthorized:
		return opVoid
	case StatusCaptured:
		return opRefund
	case StatusPending, StatusUnknown, StatusVoided, StatusRefunded, StatusFailed:
	}
	return ""
}

// decide brings an authorization of which nobody knows the outcome to a
// definite end, without charging anybody for it: what the provider has is
// taken as it is, and what it has not yet got it will never accept.
func (s *Service) decide(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).find(ctx, row)
	if err == nil && word == nil {
		word, err = s.of(row).fence(ctx, row, attempt)
	}
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return s.refuse(ctx, row, refused)
	case err != nil:
		return row, s.lost(ctx, row, &attempt, err)
	case word == nil:
		return s.never(ctx, row)
	}
	return s.settle(ctx, row, *word)
}

// never records that an authorization came to nothing.
func (s *Service) never(ctx context.Context, row paymentdb.Payment) (paymentdb.Payment, error) {
	voided := row
	voided.Status = string(StatusVoided)
	current, err := s.record(ctx, row, voided, ended(ending{state: attemptFailed, problem: "never arrived"}))
	if errors.Is(err, errMoved) {
		return s.byID(ctx, row.ID)
	}
	return current, err
}
