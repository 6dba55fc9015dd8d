package payment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// How a capture stands.
const (
	captureRequested = "requested"
	captureRefused   = "refused"
	captureSucceeded = "succeeded"
)

// CapturePayment takes what is held, or a part of it. It may be called as often
// as one likes and takes once per capture id. ErrProviderUnavailable means that
// nobody knows yet: call again, and the same key is sent again.
func (s *Service) CapturePayment(ctx context.Context, in CapturePaymentInput) (Payment, error) {
	if in.CaptureID == uuid.Nil || in.Amount.Amount < 0 {
		return Payment{}, ErrPaymentInvalid
	}
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Payment{}, err
	}
	leave, err := s.of(row).enter()
	if err != nil {
		return Payment{}, err
	}
	defer leave()
	for range 5 {
		capture, known, err := s.capture(ctx, in.CaptureID)
		switch {
		case err != nil:
			return Payment{}, err
		case known && !same(capture, row, in):
			return Payment{}, ErrPaymentDiffers
		case capture.Status == captureSucceeded, !known && row.Status == string(StatusCaptured) && taken(row, in):
			return s.payment(row), nil
		case capture.Status == captureRefused:
			return Payment{}, captureRefusal(capture.Reason)
		}
		row, err = s.advance(ctx, row, func(row paymentdb.Payment) (*paymentdb.Attempt, error) {
			if known {
				return s.startCapture(ctx, row, capture)
			}
			return nil, s.claimCapture(ctx, row, in)
		})
		if err != nil {
			return Payment{}, err
		}
	}
	return Payment{}, ErrPaymentInProgress
}

// ReadCapture answers what was taken under a capture id, and what is left of it.
func (s *Service) ReadCapture(ctx context.Context, in ReadCaptureInput) (Capture, error) {
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Capture{}, err
	}
	capture, known, err := s.capture(ctx, in.CaptureID)
	if err != nil {
		return Capture{}, err
	}
	amount := int64(0)
	if known && capture.PaymentID == row.ID && capture.Status == captureSucceeded {
		amount = capture.Amount
	}
	left := min(amount, max(0, row.Captured-max(row.RefundClaimed, row.Refunded)))
	return Capture{
		ID: in.CaptureID, Taken: money.New(amount, row.Currency), Left: money.New(left, row.Currency), Captured: money.New(row.Captured, row.Currency),
	}, nil
}

// taken reports whether a capture asks for what all of it was taken of already:
// for everything that is held, or for a part of a transfer, which comes whole.
func taken(row paymentdb.Payment, in CapturePaymentInput) bool {
	return in.Amount.IsZero() || Provider(row.Provider) == ProviderBankTransfer && in.Amount.Amount <= row.Captured && in.Amount.Currency == row.Currency
}

// capture reads a capture, if it is known.
func (s *Service) capture(ctx context.Context, id uuid.UUID) (paymentdb.Capture, bool, error) {
	capture, err := read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Capture, error) { return db.GetCapture(ctx, id) })
	if err != nil && !pg.NotFound(err) {
		return capture, false, fmt.Errorf("read capture %s: %w", id, err)
	}
	return capture, err == nil, nil
}

// same reports whether a capture is what is asked for.
func same(capture paymentdb.Capture, row paymentdb.Payment, in CapturePaymentInput) bool {
	if capture.PaymentID != row.ID {
		return false
	}
	if in.Amount.IsZero() {
		return capture.Final
	}
	return capture.Amount == in.Amount.Amount && row.Currency == in.Amount.Currency && capture.Final == in.Final
}

// claimCapture writes a capture down, or says why it cannot be.
func (s *Service) claimCapture(ctx context.Context, row paymentdb.Payment, in CapturePaymentInput) error {
	amount, final := in.Amount.Amount, in.Final
	if in.Amount.IsZero() {
		amount, final = row.Authorized-row.Captured, true
	}
	if why := uncapturable(row, amount); why != nil {
		return why
	}
	if !in.Amount.IsZero() && in.Amount.Currency != row.Currency {
		return ErrPaymentInvalid
	}
	_, err := read(ctx, s, func(db *paymentdb.Queries) (int64, error) {
		return db.ClaimCapture(ctx, paymentdb.ClaimCaptureParams{ID: in.CaptureID, PaymentID: row.ID, Amount: amount, Final: final})
	})
	if err != nil {
		return fmt.Errorf("claim capture %s: %w", in.CaptureID, err)
	}
	return nil // or somebody else has claimed it, or taken the money: the next turn tells
}

// uncapturable is why an amount cannot be taken from a payment, nil when it can.
func uncapturable(row paymentdb.Payment, amount int64) *fault.Error {
	switch PaymentStatus(row.Status) {
	case StatusPending, StatusUnknown:
		return ErrPaymentInProgress
	case StatusCaptured, StatusRefunded:
		return ErrCaptureExceeds
	case StatusRequiresAction, StatusVoided, StatusFailed:
		return ErrPaymentNotCapturable
	case StatusAuthorized:
	}
	switch {
	case row.VoidedAt != nil:
		return ErrPaymentVoided
	case amount > row.Authorized-row.Captured:
		return ErrCaptureExceeds
	}
	return nil
}

// startCapture begins a capture that is written down. Another one may have
// taken what it wants: then it is refused, for good.
func (s *Service) startCapture(ctx context.Context, row paymentdb.Payment, capture paymentdb.Capture) (*paymentdb.Attempt, error) {
	if why := uncapturable(row, capture.Amount); why != nil {
		if why.Code.Retryable() {
			return nil, why
		}
		_, err := read(ctx, s, func(db *paymentdb.Queries) (struct{}, error) {
			return struct{}{}, db.UpdateCapture(ctx, captureRefused, why.Reason, capture.ID)
		})
		return nil, err
	}
	// What takes everything cannot leave a rest, whether the card could or not.
	final := capture.Final || capture.Amount == row.Authorized-row.Captured
	return s.start(ctx, row, paymentdb.InsertAttemptParams{Operation: opCapture, Amount: capture.Amount, RequestID: &capture.ID, Final: final})
}

// captureRefusal is the fault of a capture that was refused.
func captureRefusal(reason string) *fault.Error {
	for _, known := range []*fault.Error{ErrCaptureExceeds, ErrCaptureIndivisible, ErrPaymentVoided} {
		if reason == known.Reason {
			return known
		}
	}
	return ErrPaymentNotCapturable
}
