package payment

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// What can be asked of the provider.
const (
	opAuthorize = "authorize"
	opCapture   = "capture"
	opVoid      = "void"
	opRefund    = "refund"
)

// How an attempt stands. In progress and unknown are open: a payment has at
// most one open attempt.
const (
	attemptInProgress  = "in_progress"
	attemptUnknown     = "unknown"
	attemptNeedsAction = "requires_action"
	attemptSucceeded   = "succeeded"
	attemptDeclined    = "declined"
	attemptFailed      = "failed"
)

// take takes over the payment's open attempt, if it has one, and reads the
// payment afterwards. The attempt is nil when none is open; when somebody is at
// it, the error is ErrPaymentInProgress.
func (s *Service) take(ctx context.Context, paymentID uuid.UUID) (paymentdb.Payment, *paymentdb.Attempt, error) {
	var taken *paymentdb.Attempt
	row, err := read(ctx, s, func(db *paymentdb.Queries) (row paymentdb.Payment, err error) {
		attempt, err := db.TakeAttempt(ctx, paymentID)
		switch {
		case err == nil:
			taken = &attempt
		case !pg.NotFound(err):
			return row, err
		default:
			if _, err = db.GetOpenAttempt(ctx, paymentID); err == nil {
				return row, ErrPaymentInProgress
			} else if !pg.NotFound(err) {
				return row, err
			}
		}
		return db.GetPayment(ctx, paymentID)
	})
	if err != nil {
		return row, nil, fmt.Errorf("take attempt of payment %s: %w", paymentID, err)
	}
	return row, taken, nil
}

// start writes the next attempt at an operation down, before it is sent. It does
// so only while the payment is as it was read.
func (s *Service) start(ctx context.Context, row paymentdb.Payment, next paymentdb.InsertAttemptParams) (*paymentdb.Attempt, error) {
	next.PaymentID, next.SeenVersion = row.ID, &row.Version
	attempt, err := read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Attempt, error) { return db.InsertAttempt(ctx, next) })
	if pg.NotFound(err) { // another one is open, or has ended meanwhile
		return nil, ErrPaymentInProgress
	}
	if err != nil {
		return nil, fmt.Errorf("start %s of payment %s: %w", next.Operation, row.ID, err)
	}
	return &attempt, nil
}

// again gives an authorization up of which it is certain that nothing came,
// and writes down the next one.
func (s *Service) again(ctx context.Context, row paymentdb.Payment, past paymentdb.Attempt) (paymentdb.Attempt, error) {
	var next paymentdb.Attempt
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		db := paymentdb.New(tx)
		ended, err := db.FinishAttempt(ctx, paymentdb.FinishAttemptParams{
			Key: past.Key, Sends: past.Sends, State: attemptFailed, Error: brief(errReplayed),
		})
		if err != nil {
			return err
		}
		if ended == 0 { // somebody else has taken it over meanwhile
			return ErrPaymentInProgress
		}
		next, err = db.InsertAttempt(ctx, paymentdb.InsertAttemptParams{
			PaymentID: row.ID, Operation: opAuthorize, Amount: past.Amount, PaymentMethod: past.PaymentMethod, Faults: past.Faults, Final: true,
		})
		return err
	})
	if err != nil {
		return next, fmt.Errorf("authorize payment %s again: %w", row.ID, err)
	}
	return next, nil
}

// lost records that nobody knows how an attempt ended, and answers why. Should
// even that fail, the attempt looks like one whose sender is gone, which comes
// to the same 10 s later.
func (s *Service) lost(ctx context.Context, row paymentdb.Payment, attempt *paymentdb.Attempt, cause error) error {
	if attempt == nil { // nothing was asked but how things are
		return ErrProviderUnavailable.Because(cause)
	}
	unknown := row
	if row.Status == string(StatusPending) {
		unknown.Status = string(StatusUnknown)
	}
	_, err := s.record(ctx, row, unknown, ended(ending{attempt: attempt, state: attemptUnknown, problem: brief(cause)}))
	if err != nil && !errors.Is(err, errMoved) {
		cause = errors.Join(cause, err)
	}
	return ErrProviderUnavailable.Because(cause)
}

// brief is a cause, fit for a column.
func brief(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	return text[:min(len(text), 300)]
}
