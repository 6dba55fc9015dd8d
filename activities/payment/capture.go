package payment

import (
	"context"

	"kassa/sql/paymentdb"
)

// CapturePayment takes what is held, or a part of it and lets the rest go. It
// may be repeated with the same amount.
func (s *Service) CapturePayment(ctx context.Context, in CapturePaymentInput) (Payment, error) {
	leave, err := s.stripe.enter()
	if err != nil {
		return Payment{}, err
	}
	defer leave()
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Payment{}, err
	}
	for range 3 {
		var attempt *paymentdb.Attempt
		if row, attempt, err = s.take(ctx, row.ID); err != nil {
			return Payment{}, err
		}
		switch {
		case attempt == nil:
			var done bool
			if done, err = captured(row, in); done {
				return payment(row), nil
			}
			if err == nil {
				attempt, err = s.start(ctx, row, opCapture, captureAmount(row, in))
			}
			if err == nil {
				row, err = s.perform(ctx, row, *attempt)
			}
		case attempt.Operation == opAuthorize:
			row, err = s.observe(ctx, row, attempt)
		case attempt.Operation == opCapture && row.VoidedAt == nil:
			row, err = s.perform(ctx, row, *attempt)
		default:
			row, err = s.look(ctx, row, *attempt)
		}
		if err != nil {
			return Payment{}, err
		}
	}
	return Payment{}, ErrPaymentNotCapturable
}

func captureAmount(row paymentdb.Payment, in CapturePaymentInput) int64 {
	if in.Amount.IsZero() {
		return row.Authorized
	}
	return in.Amount.Amount
}

// captured reports whether the payment was captured as asked for. The error
// says that it cannot be.
func captured(row paymentdb.Payment, in CapturePaymentInput) (bool, error) {
	amount := captureAmount(row, in) // everything: what was authorized, of which a capture keeps what it took
	switch PaymentStatus(row.Status) {
	case StatusCaptured, StatusRefunded:
		if row.Captured != amount || (!in.Amount.IsZero() && in.Amount.Currency != row.Currency) {
			return false, ErrPaymentDiffers
		}
		return true, nil
	case StatusPending, StatusUnknown:
		return false, ErrPaymentInProgress
	case StatusAuthorized:
		if !in.Amount.IsZero() && in.Amount.Currency != row.Currency || amount < 1 || amount > row.Authorized {
			return false, ErrPaymentInvalid
		}
	case StatusRequiresAction, StatusVoided, StatusFailed:
		return false, ErrPaymentNotCapturable
	}
	if row.VoidedAt != nil {
		return false, ErrPaymentVoided
	}
	return false, nil
}
