package payment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/sql/paymentdb"
)

// ResolvePayment asks the provider for the truth about an order's payment and
// records it. It never charges anybody: when the provider knows nothing, the
// payment stays unknown until AuthorizePayment or VoidPayment decides. Money
// that an order holds although it wants no payment any more is given back.
func (s *Service) ResolvePayment(ctx context.Context, in ResolvePaymentInput) (Payment, error) {
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Payment{}, err
	}
	if row.VoidedAt != nil {
		row, err = s.undo(ctx, row)
	} else {
		row, err = s.resolve(ctx, row)
	}
	if err != nil {
		return Payment{}, err
	}
	return s.payment(row), nil
}

func (s *Service) resolve(ctx context.Context, row paymentdb.Payment) (paymentdb.Payment, error) {
	leave, err := s.of(row).enter()
	if err != nil {
		return row, err
	}
	defer leave()
	row, attempt, err := s.take(ctx, row.ID)
	switch {
	case err != nil:
		return row, err
	case attempt != nil && attempt.Operation != opAuthorize:
		return s.resume(ctx, row, *attempt)
	case attempt == nil && settled(row.Status):
		return row, nil
	}
	return s.observe(ctx, row, attempt)
}

// observe takes a payment for what the provider has of it. attempt is the
// authorization that was taken over for it, or nil.
func (s *Service) observe(ctx context.Context, row paymentdb.Payment, attempt *paymentdb.Attempt) (paymentdb.Payment, error) {
	word, err := s.of(row).find(ctx, row)
	switch {
	case err != nil:
		return row, s.lost(ctx, row, attempt, err)
	case word == nil && attempt == nil:
		return row, nil
	case word == nil:
		unknown := row
		unknown.Status = string(StatusUnknown)
		return s.record(ctx, row, unknown, ended(ending{attempt: attempt, state: attemptUnknown, problem: "the provider knows nothing of it yet"}))
	}
	return s.settle(ctx, row, *word)
}

// ListUnsettledPayments names the orders whose payment ResolvePayment should
// look at: what nobody has got an answer about, what waits for the customer,
// and what was not given back although the order wants no payment.
func (s *Service) ListUnsettledPayments(ctx context.Context, in ListUnsettledPaymentsInput) (UnsettledPayments, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 1000
	}
	orders, err := read(ctx, s, func(db *paymentdb.Queries) ([]uuid.UUID, error) {
		return db.ListUnsettledPayments(ctx, in.Before, int32(in.Limit)) //nolint:gosec // at most 1000
	})
	if err != nil {
		return UnsettledPayments{}, fmt.Errorf("list unsettled payments: %w", err)
	}
	return UnsettledPayments{Orders: orders}, nil
}

// ListOpenPayments picks those of some orders whose payment has money, or may
// yet come to some, so that Reconcile can void what a closed one has left.
func (s *Service) ListOpenPayments(ctx context.Context, in ListOpenPaymentsInput) (OpenPayments, error) {
	orders, err := read(ctx, s, func(db *paymentdb.Queries) ([]uuid.UUID, error) { return db.ListOpenPayments(ctx, in.Orders) })
	if err != nil {
		return OpenPayments{}, fmt.Errorf("list open payments: %w", err)
	}
	return OpenPayments{Orders: orders}, nil
}
