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

// maxChanges bounds how often a payment's method changes: each change is some
// requests to the provider, and some events in the history of the order's saga.
const maxChanges = 10

// ChangePaymentMethod pays an order that waits for its customer with another
// method. What the old method could still take is made impossible first; then
// the new one is asked, under the next key. It answers like AuthorizePayment. A
// bank that says no to the new method ends the payment, as it does at first.
// After 10 changes (an authorization that was tried under a new key counts as one)
// it answers ErrPaymentChangedTooOften and the last method stays.
func (s *Service) ChangePaymentMethod(ctx context.Context, in ChangePaymentMethodInput) (Payment, error) {
	if !token(in.PaymentMethod) || in.UserID == uuid.Nil {
		return Payment{}, ErrPaymentInvalid
	}
	if err := s.offered(in.PaymentMethod); err != nil {
		return Payment{}, err
	}
	row, err := s.byOrder(ctx, in.OrderID)
	if err != nil {
		return Payment{}, err
	}
	if row.UserID == nil || *row.UserID != in.UserID {
		return Payment{}, ErrPaymentNotFound
	}
	leave, err := s.stripe.enter()
	if err != nil {
		return Payment{}, err
	}
	defer leave()
	first := row.WantedAttempt
	for range 5 {
		var changed bool
		row, changed, err = s.stepToChange(ctx, row, in)
		switch {
		case err != nil:
			return Payment{}, err
		case row.Status == string(StatusPending), row.Status == string(StatusUnknown):
		case changed, row.WantedAttempt > first:
			return s.authorized(row)
		case row.Status != string(StatusRequiresAction):
			return Payment{}, ErrPaymentNotAwaiting // the old method was quicker
		}
	}
	return Payment{}, ErrPaymentInProgress
}

// stepToChange does what is next on the way to another method. A change that was
// made already, under the same id, is only followed to its answer.
func (s *Service) stepToChange(ctx context.Context, row paymentdb.Payment, in ChangePaymentMethodInput) (_ paymentdb.Payment, changed bool, err error) {
	row, attempt, err := s.take(ctx, row.ID)
	if err != nil {
		return row, false, err
	}
	newest, err := read(ctx, s, func(db *paymentdb.Queries) (paymentdb.Attempt, error) { return db.GetAuthorization(ctx, row.ID) })
	if err != nil {
		return row, false, fmt.Errorf("read authorization of payment %s: %w", row.ID, err)
	}
	changed = in.ChangeID != uuid.Nil && newest.RequestID != nil && *newest.RequestID == in.ChangeID
	switch {
	case attempt == nil && changed:
	case attempt == nil:
		if attempt, err = s.startChange(ctx, row, newest, in); err == nil {
			row, err = s.perform(ctx, row, *attempt)
		}
	case attempt.Operation != opAuthorize:
		row, err = s.resume(ctx, row, *attempt)
	case changed:
		row, err = s.authorizeAgain(ctx, row, *attempt)
	default:
		row, err = s.observe(ctx, row, attempt)
	}
	return row, changed, err
}

// startChange begins to cancel what waits for the customer. The attempt carries
// the new method, so that whoever finishes it goes on with that. newest is the
// last authorization.
func (s *Service) startChange(ctx context.Context, row paymentdb.Payment, newest paymentdb.Attempt, in ChangePaymentMethodInput) (*paymentdb.Attempt, error) {
	switch {
	case row.VoidedAt != nil:
		return nil, ErrPaymentVoided
	case row.Status == string(StatusPending), row.Status == string(StatusUnknown):
		return nil, ErrPaymentInProgress
	case row.Status != string(StatusRequiresAction):
		return nil, ErrPaymentNotAwaiting
	case newest.N > maxChanges:
		return nil, ErrPaymentChangedTooOften
	}
	return s.start(ctx, row, paymentdb.InsertAttemptParams{
		Operation: opVoid, Amount: row.Amount, PaymentMethod: in.PaymentMethod, RequestID: optional(in.ChangeID), Final: true,
	})
}

// replaces reports whether an attempt cancels to make room for another method.
func replaces(attempt paymentdb.Attempt) bool {
	return attempt.Operation == opVoid && attempt.PaymentMethod != ""
}

// replace records, in one transaction, that the old method can take nothing any
// more and that the new one is asked, and asks it.
func (s *Service) replace(ctx context.Context, row paymentdb.Payment, room paymentdb.Attempt) (paymentdb.Payment, error) {
	now := row
	now.Status, now.ProviderPaymentID, now.ActionUrl = string(StatusPending), "", ""
	now.Provider = string(chosen(room.PaymentMethod))
	now.Version, now.UpdatedAt = row.Version+1, instant()
	var next paymentdb.Attempt
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if next, err = replaced(ctx, tx, row, room); err != nil {
			return err
		}
		now.WantedAttempt = next.N
		b := &batch{}
		if err := s.queueStep(ctx, b, row, step{now: now, kind: kindMethodChanged, request: room.RequestID}, nil); err != nil {
			return err
		}
		return tx.SendBatch(ctx, &b.Batch).Close()
	})
	if pg.Constraint(err) == "transactions_pkey" {
		return row, ErrPaymentInProgress.Because(errMoved)
	}
	if err != nil {
		return row, fmt.Errorf("change method of payment %s: %w", row.ID, err)
	}
	return s.authorize(ctx, now, next)
}

// replaced ends the attempts of the old method and writes the new one's first down.
func replaced(ctx context.Context, tx pgx.Tx, row paymentdb.Payment, room paymentdb.Attempt) (next paymentdb.Attempt, err error) {
	db := paymentdb.New(tx)
	ended, err := db.FinishAttempt(ctx, paymentdb.FinishAttemptParams{
		Key: room.Key, Sends: room.Sends, State: attemptSucceeded, ProviderID: row.ProviderPaymentID,
	})
	if err != nil {
		return next, err
	}
	if ended == 0 { // somebody else has taken it over meanwhile
		return next, ErrPaymentInProgress
	}
	err = db.FinishAuthorization(ctx, paymentdb.FinishAuthorizationParams{
		PaymentID: row.ID, State: attemptFailed, ProviderID: row.ProviderPaymentID, Error: "another method was chosen",
	})
	if err != nil {
		return next, err
	}
	next, err = db.InsertAttempt(ctx, paymentdb.InsertAttemptParams{
		PaymentID: row.ID, Operation: opAuthorize, Amount: row.Amount, PaymentMethod: room.PaymentMethod, RequestID: room.RequestID, Final: true,
	})
	if pg.NotFound(err) {
		return next, errors.Join(ErrPaymentInProgress, err)
	}
	return next, err
}

// ReceivePayment records that the transfer which a payment waits for is on our
// account. The amount must be the payment's: a customer who sent another one is
// to be written to. One that comes when the order does not want it any more is
// recorded too, and what is to be sent back.
func (s *Service) ReceivePayment(ctx context.Context, in ReceivePaymentInput) (Payment, error) {
	row, err := s.byID(ctx, in.PaymentID)
	switch {
	case err != nil:
		return Payment{}, err
	case row.UserID == nil:
		return Payment{}, ErrPaymentNotFound
	case Provider(row.Provider) != ProviderBankTransfer || row.ProviderPaymentID == "":
		return Payment{}, ErrPaymentNotTransfer
	case in.Amount.Amount != row.Amount || in.Amount.Currency != row.Currency:
		return Payment{}, ErrTransferDiffers
	}
	if err := s.bank.receive(ctx, row, in.Reference, optional(in.ActorID)); err != nil {
		return Payment{}, err
	}
	if err := s.learn(ctx, row.OrderID, row.ProviderPaymentID); err != nil {
		return Payment{}, err
	}
	return s.ReadPayment(ctx, ReadPaymentInput{PaymentID: in.PaymentID})
}
