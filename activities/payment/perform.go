package payment

import (
	"context"
	"errors"

	"kassa/internal/fault"
	"kassa/sql/paymentdb"
)

// advance moves on what is open at a payment; when nothing is, it performs what
// begin begins. Its error apart from that, a turn may have done something else
// than what its caller wanted, who looks and comes again.
func (s *Service) advance(ctx context.Context, row paymentdb.Payment, begin func(paymentdb.Payment) (*paymentdb.Attempt, error)) (paymentdb.Payment, error) {
	row, attempt, err := s.take(ctx, row.ID)
	switch {
	case err != nil:
		return row, err
	case attempt != nil && attempt.Operation == opAuthorize:
		return s.observe(ctx, row, attempt)
	case attempt != nil:
		return s.resume(ctx, row, *attempt)
	}
	attempt, err = begin(row)
	if err != nil || attempt == nil {
		return row, err
	}
	return s.perform(ctx, row, *attempt)
}

// perform sends an attempt to cancel, refund or capture, and records what came
// of it. A definite no is no error: the payment was elsewhere than we thought,
// and is answered as it is.
func (s *Service) perform(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, providerID, err := s.of(row).perform(ctx, row, attempt)
	end := ending{attempt: &attempt, state: attemptSucceeded, providerID: providerID}
	if errors.Is(err, errReplayed) { // it is over, and sending it again would not tell how
		return s.look(ctx, row, attempt)
	}
	var refused *refusedError
	if errors.As(err, &refused) || errors.Is(err, errKeyUsed) {
		end.state, end.problem, end.refused = attemptFailed, brief(err), answerTo(attempt, refused)
		if word, err = s.of(row).truth(ctx, row.ProviderPaymentID); err == nil && shows(word, attempt) {
			end.state, end.problem, end.refused = attemptSucceeded, "", nil
		}
	}
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	return s.conclude(ctx, row, word, end)
}

// conclude records how an attempt to cancel, refund or capture ended. One that
// has made room for another payment method goes on with that.
func (s *Service) conclude(ctx context.Context, row paymentdb.Payment, word intent, end ending) (paymentdb.Payment, error) {
	if word.Status == intentCanceled && replaces(*end.attempt) && row.VoidedAt == nil {
		return s.replace(ctx, row, *end.attempt)
	}
	return s.settle(ctx, row, word, end)
}

// answerTo is what a capture or refund that the provider refuses is answered
// with, nil when it is worth another try.
func answerTo(attempt paymentdb.Attempt, refused *refusedError) *fault.Error {
	switch {
	case refused == nil:
		return nil
	case attempt.Operation == opRefund:
		return ErrRefundFailed
	case refused.param == "final_capture":
		return ErrCaptureIndivisible
	}
	return ErrPaymentNotCapturable
}

// shows reports whether an attempt has had its effect. What is captured and
// given back carries its request's id.
func shows(word intent, attempt paymentdb.Attempt) bool {
	switch attempt.Operation {
	case opVoid:
		return word.Status == intentCanceled || word.Status == intentTaken
	case opCapture:
		return attempt.RequestID != nil && word.CaptureID == attempt.RequestID.String()
	case opRefund:
		for _, refund := range word.Refunds {
			if attempt.RequestID != nil && refund.RefundID == attempt.RequestID.String() {
				return true
			}
		}
	}
	return false
}

// resume finds out what came of a capture, refund or void whose answer was
// lost. When nothing is seen of it, it is sent again under the same key, unless
// the order does not want it any more.
func (s *Service) resume(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).truth(ctx, row.ProviderPaymentID)
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	unwanted := row.VoidedAt != nil && attempt.Operation != undoing(row)
	if unwanted || shows(word, attempt) {
		return s.conclude(ctx, row, word, seen(word, attempt))
	}
	return s.perform(ctx, row, attempt)
}

// look finds out what came of an attempt whose request is over.
func (s *Service) look(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).truth(ctx, row.ProviderPaymentID)
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	return s.conclude(ctx, row, word, seen(word, attempt))
}

// seen is how an attempt ended, by what is seen of it. What it was for may be
// tried again under the next key.
func seen(word intent, attempt paymentdb.Attempt) ending {
	end := ending{attempt: &attempt, state: attemptSucceeded, providerID: word.ID}
	if !shows(word, attempt) {
		end.state, end.problem = attemptFailed, "no effect found"
	}
	return end
}
