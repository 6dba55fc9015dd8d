package payment

import (
	"context"
	"errors"
	"fmt"

	"kassa/sql/paymentdb"
)

// perform sends an attempt to cancel, refund or capture, and records what came
// of it. A definite no is no error: the payment was elsewhere than we thought,
// and is answered as it is.
func (s *Service) perform(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	end := ending{attempt: &attempt, state: attemptSucceeded, providerID: row.ProviderPaymentID}
	word, err := s.send(ctx, row, attempt, &end)
	if errors.Is(err, errReplayed) { // it is over, and sending it again would not tell how
		return s.look(ctx, row, attempt)
	}
	var refused *refusedError
	if errors.As(err, &refused) || errors.Is(err, errKeyUsed) {
		end.state, end.problem = attemptFailed, brief(err)
		word, err = s.stripe.retrieve(ctx, row.ProviderPaymentID)
	}
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	return s.settle(ctx, row, word, end)
}

// send does what an attempt is for, and answers how the payment is afterwards.
func (s *Service) send(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt, end *ending) (intent, error) {
	var word intent
	var err error
	switch attempt.Operation {
	case opVoid:
		word, err = s.stripe.cancel(ctx, row.ProviderPaymentID, attempt.Key)
	case opCapture:
		word, err = s.stripe.capture(ctx, row.ProviderPaymentID, row.Currency, attempt.Amount, attempt.Key)
	case opRefund:
		if end.providerID, err = s.stripe.refund(ctx, row.ProviderPaymentID, row.Currency, attempt.Amount, attempt.Key); err == nil {
			return s.stripe.retrieve(ctx, row.ProviderPaymentID)
		}
	default:
		return word, fmt.Errorf("attempt %s: unknown operation", attempt.Key)
	}
	if err == nil && word.replayed { // it tells how things were; ask how they are
		return s.stripe.retrieve(ctx, word.ID)
	}
	return word, err
}

// look finds out what came of an attempt that is not to be sent again: its
// request is over, or nobody wants it any more.
func (s *Service) look(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.stripe.retrieve(ctx, row.ProviderPaymentID)
	if err != nil {
		return row, s.lost(ctx, row, &attempt, err)
	}
	end := ending{attempt: &attempt, state: attemptFailed, providerID: word.ID, problem: "no effect found"}
	switch attempt.Operation {
	case opVoid:
		if word.Status == intentCanceled {
			end.state, end.problem = attemptSucceeded, ""
		}
	case opCapture:
		if word.Received > 0 {
			end.state, end.problem = attemptSucceeded, ""
		}
	case opRefund:
		if word.Refunded > row.Refunded {
			end.state, end.problem = attemptSucceeded, ""
		}
	}
	return s.settle(ctx, row, word, end)
}
