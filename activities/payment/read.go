package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/paymentdb"
)

// ReadPayment answers one payment.
func (s *Service) ReadPayment(ctx context.Context, in ReadPaymentInput) (Payment, error) {
	row, err := s.owned(ctx, in)
	if err != nil {
		return Payment{}, err
	}
	return s.payment(row), nil
}

// owned reads the row that an input names, if it may be seen.
func (s *Service) owned(ctx context.Context, in ReadPaymentInput) (paymentdb.Payment, error) {
	var row paymentdb.Payment
	var err error
	if in.PaymentID != uuid.Nil {
		row, err = s.byID(ctx, in.PaymentID)
	} else {
		row, err = s.byOrder(ctx, in.OrderID)
	}
	switch {
	case err != nil:
		return row, err
	case row.UserID == nil: // a tombstone is no payment
		return row, ErrPaymentNotFound
	case in.OwnerID != uuid.Nil && in.OwnerID != *row.UserID:
		return row, ErrPaymentNotFound
	}
	return row, nil
}

// ListPayments answers a page of payments, newest first.
func (s *Service) ListPayments(ctx context.Context, in ListPaymentsInput) (Payments, error) {
	rows, err := read(ctx, s, func(db *paymentdb.Queries) ([]paymentdb.Payment, error) {
		return db.ListPayments(ctx, paymentdb.ListPaymentsParams{
			OrderID: optional(in.OrderID), UserID: optional(in.UserID), Status: optional(string(in.Status)), Provider: optional(string(in.Provider)),
			Currency: optional(in.Currency), CreatedFrom: optional(in.CreatedFrom), CreatedTo: optional(in.CreatedTo),
			Before: optional(in.Before), MaxRows: pageSize(in.Limit) + 1,
		})
	})
	if err != nil {
		return Payments{}, fmt.Errorf("list payments: %w", err)
	}
	size := min(len(rows), int(pageSize(in.Limit)))
	page := Payments{Payments: make([]Payment, 0, size), More: len(rows) > size}
	for _, row := range rows[:size] {
		page.Payments = append(page.Payments, s.payment(row))
	}
	return page, nil
}

// Transaction is one step in a payment's history.
type Transaction struct {
	Version   int64         `json:"version" doc:"Version of the payment that it led to." example:"2"`
	Kind      string        `json:"kind" enum:"unknown,action_required,method_changed,authorized,captured,released,voided,refunded,refund_failed,failed" doc:"What happened." example:"captured"`
	Status    PaymentStatus `json:"status" doc:"Status of the payment afterwards." example:"captured"`
	Amount    money.Money   `json:"amount" doc:"What was held, taken, let go or given back; 0 when no money moved."`
	Code      string        `json:"code,omitempty" doc:"Decline code or error, when it did not go well." example:"insufficient_funds"`
	CaptureID *uuid.UUID    `json:"capture_id,omitempty" format:"uuid" doc:"The capture that took it." example:"01993f5e-8f5e-7d31-8a42-5b6c7d8e9f10"`
	RefundID  *uuid.UUID    `json:"refund_id,omitempty" format:"uuid" doc:"The refund that gave it back, or came back." example:"01993f5e-8f5e-7d31-8a42-5b6c7d8e9f10"`
	CreatedAt time.Time     `json:"created_at" doc:"When it was recorded." example:"2026-01-31T12:00:00.123456Z"`
}

// Transactions is the history of a payment, oldest first.
type Transactions struct {
	Transactions []Transaction `json:"transactions"`
}

// ListTransactions answers a payment's history. It is short: a step for each
// change of the payment.
func (s *Service) ListTransactions(ctx context.Context, in ReadPaymentInput) (Transactions, error) {
	row, err := s.owned(ctx, in)
	if err != nil {
		return Transactions{}, err
	}
	history := Transactions{Transactions: []Transaction{}}
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := paymentdb.New(conn).ListTransactions(ctx, row.ID)
		for _, each := range rows {
			history.Transactions = append(history.Transactions, transaction(each))
		}
		return err
	})
	if err != nil {
		return Transactions{}, fmt.Errorf("list transactions: %w", err)
	}
	return history, nil
}
