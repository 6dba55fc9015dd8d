package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// recordWithin bounds the transaction that records an answer. It outlives the
// caller: an answer that has come must not be lost because nobody waits for it.
const recordWithin = 2 * time.Second

// errMoved says that the payment has changed since it was read. What the
// provider said meanwhile may be older than the change: read, and ask again.
var errMoved = errors.New("the payment has changed meanwhile")

// ending is how an attempt ended.
type ending struct {
	attempt    *paymentdb.Attempt // nil for whichever authorization waits for the answer
	state      string
	providerID string
	problem    string       // why it did not succeed
	refused    *fault.Error // what the capture or refund that it was for is answered with, as it never will be made; nil while it may
}

// report is what an answer of the provider tells, beside how the payment is.
type report struct {
	ends    []ending
	refunds []refundWord       // how refunds are
	back    []paymentdb.Refund // those of ours that stood until now, and came back
	capture string             // the newest capture that was made, "" when none is known
}

// ended reports how attempts ended, and nothing else.
func ended(ends ...ending) report { return report{ends: ends} }

// made names the capture or refund of ours that was made, nil when none was.
func (r report) made(operation string) *uuid.UUID {
	for _, end := range r.ends {
		if end.attempt != nil && end.state == attemptSucceeded && end.attempt.Operation == operation {
			return end.attempt.RequestID
		}
	}
	return nil
}

// record writes, in one transaction and one round trip, what is reported and what
// that made of the payment: row, and for each step a transaction, a ledger entry
// and an event. before is the row that was read before the provider was asked;
// when it is no longer the current one, nothing is written and the answer is
// errMoved.
func (s *Service) record(ctx context.Context, before, now paymentdb.Payment, told report) (paymentdb.Payment, error) {
	b, past, at := &batch{}, before, instant()
	for _, next := range steps(before, now, told) {
		next.now.Version, next.now.UpdatedAt = past.Version+1, at
		if err := s.queueStep(ctx, b, past, next, told.ends); err != nil {
			return before, err
		}
		past, now = next.now, next.now
	}
	if err := told.queue(ctx, paymentdb.New(b), now.ID); err != nil {
		return before, err
	}
	if b.Len() == 0 {
		return now, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	err := b.send(ctx, s.pool)
	if pg.Constraint(err) == "transactions_pkey" {
		return before, errMoved
	}
	if err != nil {
		return before, fmt.Errorf("record payment %s: %w", now.ID, err)
	}
	return now, nil
}

// queueStep collects what a change of the payment writes.
func (s *Service) queueStep(ctx context.Context, b *batch, before paymentdb.Payment, next step, ends []ending) error {
	db, now := paymentdb.New(b), next.now
	err := db.UpdatePayment(ctx, paymentdb.UpdatePaymentParams{
		ID: now.ID, SeenVersion: before.Version, Status: now.Status,
		Authorized: now.Authorized, Captured: now.Captured, Refunded: now.Refunded,
		Provider: now.Provider, WantedAttempt: now.WantedAttempt, ProviderPaymentID: now.ProviderPaymentID, ActionUrl: now.ActionUrl,
		Failure: now.Failure, DeclineCode: now.DeclineCode, UpdatedAt: now.UpdatedAt,
	})
	if err != nil {
		return err
	}
	// Fails when somebody else has made this version: see UpdatePayment.
	err = db.InsertTransaction(ctx, paymentdb.InsertTransactionParams{
		PaymentID: now.ID, Version: now.Version, Kind: next.kind, Status: now.Status, Amount: next.amount, Currency: now.Currency,
		ProviderID: now.ProviderPaymentID, Code: code(now, ends), RequestID: next.request, CreatedAt: now.UpdatedAt,
	})
	if err != nil {
		return err
	}
	if lines := postings(before, now); len(lines) > 0 {
		if err := queueEntry(ctx, db, now, next.kind, lines); err != nil {
			return err
		}
	}
	if typ, ok := eventOf[next.kind]; ok {
		return outbox.Queue(ctx, &b.Batch, events.NewPaymentChanged(typ, now.UpdatedAt, now.Version, changed(next)))
	}
	return nil
}

// queue collects the statements that write a report.
func (r report) queue(ctx context.Context, db *paymentdb.Queries, paymentID uuid.UUID) error {
	for _, end := range r.ends {
		if err := errors.Join(end.queue(ctx, db, paymentID), end.queueRequest(ctx, db, paymentID)); err != nil {
			return err
		}
	}
	if id, err := uuid.Parse(r.capture); err == nil {
		if err := db.UpdateCapture(ctx, captureSucceeded, "", id); err != nil {
			return err
		}
	}
	for _, refund := range r.refunds {
		id, err := uuid.Parse(refund.RefundID)
		if err != nil { // none of ours
			continue
		}
		err = db.UpdateRefund(ctx, paymentdb.UpdateRefundParams{
			ID: id, PaymentID: paymentID, Status: refund.Status, ProviderID: refund.ID, Reason: refundReason(refund.Status),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// refundReason is the fault that a refund in that status is answered with.
func refundReason(status string) string {
	if status == string(refundFailed) {
		return ErrRefundFailed.Reason
	}
	return ""
}

// queueRequest collects the statement that moves on what the attempt was for. A
// refund that was made is moved by what the provider says of it.
func (e ending) queueRequest(ctx context.Context, db *paymentdb.Queries, paymentID uuid.UUID) error {
	if e.attempt == nil || e.attempt.RequestID == nil {
		return nil
	}
	done, id := e.state == attemptSucceeded, *e.attempt.RequestID
	switch {
	case e.attempt.Operation == opCapture && done:
		return db.UpdateCapture(ctx, captureSucceeded, "", id)
	case e.refused == nil:
		return nil
	case e.attempt.Operation == opCapture:
		return db.UpdateCapture(ctx, captureRefused, e.refused.Reason, id)
	}
	return db.UpdateRefund(ctx, paymentdb.UpdateRefundParams{
		ID: id, PaymentID: paymentID, Status: string(refundRefused), Reason: e.refused.Reason,
	})
}

// queue collects the statement that writes an ending.
func (e ending) queue(ctx context.Context, db *paymentdb.Queries, paymentID uuid.UUID) error {
	if e.attempt == nil {
		return db.FinishAuthorization(ctx, paymentdb.FinishAuthorizationParams{
			PaymentID: paymentID, State: e.state, ProviderID: e.providerID, Error: e.problem,
		})
	}
	_, err := db.FinishAttempt(ctx, paymentdb.FinishAttemptParams{
		Key: e.attempt.Key, Sends: e.attempt.Sends, State: e.state, ProviderID: e.providerID, Error: e.problem,
	})
	return err
}

// code is the word for why something did not go well, or "".
func code(now paymentdb.Payment, ends []ending) string {
	if now.DeclineCode != "" {
		return now.DeclineCode
	}
	if now.Failure != "" {
		return now.Failure
	}
	for _, end := range ends {
		if end.problem != "" {
			return end.problem
		}
	}
	return ""
}

func queueEntry(ctx context.Context, db *paymentdb.Queries, now paymentdb.Payment, kind string, lines []posting) error {
	entry := paymentdb.InsertLedgerPostingsParams{EntryID: id.New(), Currency: now.Currency}
	for i, line := range lines {
		entry.Lines = append(entry.Lines, int16(i+1)) //nolint:gosec // an entry has at most six lines
		entry.Accounts = append(entry.Accounts, line.account)
		entry.Amounts = append(entry.Amounts, line.amount)
	}
	err := db.InsertLedgerEntry(ctx, paymentdb.InsertLedgerEntryParams{
		ID: entry.EntryID, PaymentID: now.ID, Version: now.Version, Kind: kind, CreatedAt: now.UpdatedAt,
	})
	if err != nil {
		return err
	}
	return db.InsertLedgerPostings(ctx, entry)
}
