package payment

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// Bank is the provider of bank transfers. Nobody is asked: what is expected on
// our account, what has come, and what is to be sent back is written down in
// bank_transfers, and its word is read from there.
type Bank struct{ pool *pgxpool.Pool }

// The kinds of what is known of a transfer.
const (
	transferExpected  = "expected"
	transferCancelled = "cancelled"
	transferReceived  = "received"
	transferReturned  = "returned"
)

// enter always has a place: nothing that could hang is asked.
func (b *Bank) enter() (leave func(), err error) { return func() {}, nil }

// transferID names the transfer that an authorization asks for.
func transferID(paymentID uuid.UUID, n int32) string { return fmt.Sprintf("bt_%s_%d", paymentID, n) }

// authorize writes down that a transfer is expected.
func (b *Bank) authorize(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (intent, error) {
	transfer := transferID(row.ID, attempt.N)
	err := b.note(ctx, paymentdb.InsertBankTransferParams{
		Key: attempt.Key, IntentID: transfer, PaymentID: row.ID, Kind: transferExpected, Amount: row.Amount,
	})
	if err != nil {
		return intent{}, err
	}
	return b.retrieve(ctx, transfer)
}

// perform ends the expectation, or writes down what is to be sent back. What has
// come is taken already.
func (b *Bank) perform(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (word intent, providerID string, err error) {
	fact := paymentdb.InsertBankTransferParams{Key: attempt.Key, IntentID: row.ProviderPaymentID, PaymentID: row.ID}
	switch attempt.Operation {
	case opVoid:
		fact.Kind, fact.Amount = transferCancelled, row.Amount
	case opRefund:
		if word, err = b.retrieve(ctx, row.ProviderPaymentID); err == nil && !shows(word, attempt) && word.Received-word.Refunded < attempt.Amount {
			err = &refusedError{code: "amount_too_large", param: "amount", cause: errors.New("so much has not been received")}
		}
		if err != nil {
			return word, "", err
		}
		fact.Kind, fact.Amount, fact.RefundID = transferReturned, attempt.Amount, attempt.RequestID
	default:
		return word, "", &refusedError{code: attempt.Operation, cause: errors.New("not with a bank transfer")}
	}
	if err = b.note(ctx, fact); err == nil {
		word, err = b.retrieve(ctx, row.ProviderPaymentID)
	}
	return word, attempt.Key, err
}

// receive writes down that a transfer has come.
func (b *Bank) receive(ctx context.Context, row paymentdb.Payment, reference string, actorID *uuid.UUID) error {
	return b.note(ctx, paymentdb.InsertBankTransferParams{
		Key: row.ProviderPaymentID + ":received", IntentID: row.ProviderPaymentID, PaymentID: row.ID,
		Kind: transferReceived, Amount: row.Amount, Reference: reference, ActorID: actorID,
	})
}

// note records a fact, once per key.
func (b *Bank) note(ctx context.Context, fact paymentdb.InsertBankTransferParams) error {
	err := pg.Conn(ctx, b.pool, func(conn *pgx.Conn) error { return paymentdb.New(conn).InsertBankTransfer(ctx, fact) })
	if err != nil {
		return fmt.Errorf("note transfer %s: %w", fact.Key, err)
	}
	return nil
}

// retrieve is what the facts about a transfer come to.
func (b *Bank) retrieve(ctx context.Context, transfer string) (intent, error) {
	word, err := b.read(ctx, transfer)
	if err == nil && word == nil {
		return intent{}, fmt.Errorf("there is no transfer %s", transfer)
	}
	if err != nil {
		return intent{}, err
	}
	return *word, nil
}

// read folds the facts about a transfer, nil when there are none. One that came
// although it was not expected any more has come.
func (b *Bank) read(ctx context.Context, transfer string) (*intent, error) {
	var facts []paymentdb.ListBankTransfersRow
	err := pg.Conn(ctx, b.pool, func(conn *pgx.Conn) (err error) {
		facts, err = paymentdb.New(conn).ListBankTransfers(ctx, transfer)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read transfer %s: %w", transfer, err)
	}
	if len(facts) == 0 {
		return nil, nil //nolint:nilnil // nothing found
	}
	_, n, _ := strings.Cut(strings.TrimPrefix(transfer, "bt_"), "_")
	word := &intent{
		ID: transfer, Status: intentNeedsAction, Currency: facts[0].Currency, OrderID: facts[0].OrderID.String(),
		PaymentID: facts[0].PaymentID.String(), Attempt: attemptNumber(map[string]string{"attempt": n}), Refunds: []refundWord{},
	}
	for _, fact := range facts {
		switch fact.Kind {
		case transferCancelled:
			if word.Received == 0 {
				word.Status = intentCanceled
			}
		case transferReceived:
			word.Status, word.Received = intentTaken, fact.Amount
		case transferReturned:
			word.Refunded += fact.Amount
			refund := refundWord{ID: fact.Key, Status: string(RefundPending)}
			if fact.RefundID != nil {
				refund.RefundID = fact.RefundID.String()
			}
			word.Refunds = append(word.Refunds, refund)
		}
	}
	return word, nil
}

// truth is retrieve: the facts tell refunds too.
func (b *Bank) truth(ctx context.Context, transfer string) (intent, error) {
	return b.retrieve(ctx, transfer)
}

// find answers what is expected of a payment's customer now.
func (b *Bank) find(ctx context.Context, row paymentdb.Payment) (*intent, error) {
	if row.ProviderPaymentID != "" {
		return b.read(ctx, row.ProviderPaymentID)
	}
	return b.read(ctx, transferID(row.ID, row.WantedAttempt))
}

func (b *Bank) trace(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error) {
	return b.read(ctx, transferID(row.ID, attempt.N))
}

// fence takes the key of an expectation that has not been written down, so that
// it never can be.
func (b *Bank) fence(ctx context.Context, row paymentdb.Payment, attempt paymentdb.Attempt) (*intent, error) {
	err := b.note(ctx, paymentdb.InsertBankTransferParams{
		Key: attempt.Key, IntentID: transferID(row.ID, attempt.N), PaymentID: row.ID, Kind: transferCancelled, Amount: row.Amount,
	})
	if err != nil {
		return nil, err
	}
	return b.trace(ctx, row, attempt)
}

// giveBack does nothing: only a transfer of the payment's own can be marked as
// received.
func (b *Bank) giveBack(context.Context, paymentdb.Payment, intent) error { return nil }

// reference is what a customer writes on a transfer: short, and without letters
// that look like digits.
func reference(paymentID uuid.UUID) string {
	return base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").WithPadding(base32.NoPadding).EncodeToString(paymentID[8:])[:10]
}
