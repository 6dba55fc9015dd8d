package payment

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// RefundPayment gives back what was taken, or a part of it. It may be called as
// often as one likes and gives back once per refund id; all refunds together
// are never more than what was taken, however many are asked for at once. What
// it has refused it refuses for good, whatever is taken later.
// ErrProviderUnavailable means that nobody knows yet: call again, and the same
// key is sent again.
func (s *Service) RefundPayment(ctx context.Context, in RefundPaymentInput) (Refund, error) {
	if in.RefundID == uuid.Nil || in.Amount.Amount <= 0 {
		return Refund{}, ErrPaymentInvalid
	}
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Refund{}, err
	}
	leave, err := s.of(row).enter()
	if err != nil {
		return Refund{}, err
	}
	defer leave()
	for range 5 {
		refund, known, err := s.claimRefund(ctx, row, in)
		switch {
		case err != nil:
			return Refund{}, err
		case known && (refund.PaymentID != row.ID || refund.Amount != in.Amount.Amount || row.Currency != in.Amount.Currency):
			return Refund{}, ErrPaymentDiffers
		case known && refund.Status != string(refundRequested):
			return s.answered(row, refund)
		}
		row, err = s.advance(ctx, row, func(row paymentdb.Payment) (*paymentdb.Attempt, error) {
			if !known { // and nothing is open that could change that
				return nil, s.refuseRefund(ctx, row, in)
			}
			if row.VoidedAt != nil {
				return nil, ErrPaymentInProgress // all is about to be given back, and this refund refused
			}
			return s.start(ctx, row, paymentdb.InsertAttemptParams{Operation: opRefund, Amount: refund.Amount, RequestID: &refund.ID, Final: true})
		})
		if err != nil {
			return Refund{}, err
		}
	}
	return Refund{}, ErrPaymentInProgress
}

// answered is what RefundPayment answers about a refund of which is known what
// became of it.
func (s *Service) answered(row paymentdb.Payment, refund paymentdb.Refund) (Refund, error) {
	switch RefundStatus(refund.Status) {
	case refundRefused, refundFailed:
		if refund.Reason == ErrRefundExceeds.Reason {
			return Refund{}, ErrRefundExceeds
		}
		return Refund{}, ErrRefundFailed
	case refundRequested, RefundPending, RefundSucceeded:
	}
	return Refund{ID: refund.ID, Amount: money.New(refund.Amount, row.Currency), Status: RefundStatus(refund.Status), Payment: s.payment(row)}, nil
}

// claimRefund writes a refund down, if so much is left, and answers it, or the
// one that was written down before.
func (s *Service) claimRefund(ctx context.Context, row paymentdb.Payment, in RefundPaymentInput) (refund paymentdb.Refund, known bool, err error) {
	refund, err = read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Refund, error) {
		if in.Amount.Currency == row.Currency {
			_, err := db.ClaimRefund(ctx, in.RefundID, in.Amount.Amount, row.ID)
			if err != nil && pg.Constraint(err) != "refunds_pkey" { // which another caller has written this moment
				return refund, err
			}
		}
		return db.GetRefund(ctx, in.RefundID)
	})
	if err != nil && !pg.NotFound(err) {
		return refund, false, fmt.Errorf("claim refund %s: %w", in.RefundID, err)
	}
	return refund, err == nil, nil
}

// refuseRefund writes down that a refund is refused: it could not be claimed, and
// the only reason for good is that less is left. Whoever asked may have recorded
// that nothing goes back, and ask once more after more was taken.
func (s *Service) refuseRefund(ctx context.Context, row paymentdb.Payment, in RefundPaymentInput) error {
	switch {
	case in.Amount.Currency != row.Currency:
		return ErrPaymentInvalid
	case !settled(row.Status) && row.Status != string(StatusRequiresAction):
		return ErrPaymentInProgress
	}
	_, err := read(ctx, s, func(db *paymentdb.Queries) (struct{}, error) {
		return struct{}{}, db.InsertRefusedRefund(ctx, paymentdb.InsertRefusedRefundParams{
			ID: in.RefundID, PaymentID: row.ID, Amount: in.Amount.Amount, Reason: ErrRefundExceeds.Reason,
		})
	})
	if err != nil {
		return fmt.Errorf("refuse refund %s: %w", in.RefundID, err)
	}
	return nil // the next turn answers it
}

// startUndo writes down what brings a payment one step nearer to where no money
// is left in it, and begins it.
func (s *Service) startUndo(ctx context.Context, row paymentdb.Payment) (*paymentdb.Attempt, error) {
	if undoing(row) == opVoid {
		return s.start(ctx, row, paymentdb.InsertAttemptParams{Operation: opVoid, Amount: row.Authorized - row.Captured, Final: true})
	}
	refundID, left := id.New(), row.Captured-row.Refunded
	var attempt paymentdb.Attempt
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		db := paymentdb.New(tx)
		if err = db.InsertRefund(ctx, refundID, left, row.ID); err != nil {
			return err
		}
		if err = db.RefuseRefunds(ctx, row.ID, ErrRefundExceeds.Reason, refundID); err != nil {
			return err
		}
		attempt, err = db.InsertAttempt(ctx, paymentdb.InsertAttemptParams{
			PaymentID: row.ID, SeenVersion: &row.Version, Operation: opRefund, Amount: left, RequestID: &refundID, Final: true,
		})
		if pg.NotFound(err) { // another one is open, or has ended meanwhile
			return ErrPaymentInProgress
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start refund of payment %s: %w", row.ID, err)
	}
	return &attempt, nil
}
