package payment

import (
	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/sql/paymentdb"
)

// payment shows a row.
func payment(row paymentdb.Payment) Payment {
	in := func(amount int64) money.Money { return money.New(amount, row.Currency) }
	return Payment{
		ID:          row.ID,
		OrderID:     row.OrderID,
		Status:      PaymentStatus(row.Status),
		Capture:     CaptureMode(row.Capture),
		Amount:      in(row.Amount),
		Authorized:  in(row.Authorized),
		Captured:    in(row.Captured),
		Refunded:    in(row.Refunded),
		ActionURL:   row.ActionUrl,
		DeclineCode: row.DeclineCode,
		Version:     row.Version,
		CreatedAt:   row.CreatedAt.UTC(),
		UpdatedAt:   row.UpdatedAt.UTC(),
	}
}

// changed is the payload of a row's events.
func changed(row paymentdb.Payment) events.PaymentChanged {
	in := func(amount int64) money.Money { return money.New(amount, row.Currency) }
	return events.PaymentChanged{
		PaymentID:   row.ID,
		OrderID:     row.OrderID,
		Status:      row.Status,
		Amount:      in(row.Amount),
		Authorized:  in(row.Authorized),
		Captured:    in(row.Captured),
		Refunded:    in(row.Refunded),
		DeclineCode: row.DeclineCode,
	}
}

// refusal is the fault that a failed payment is answered with, again and again.
func refusal(row paymentdb.Payment) *fault.Error {
	for _, known := range []*fault.Error{ErrPaymentMethodUnknown, ErrAmountRefused} {
		if row.Failure == known.Reason {
			return known
		}
	}
	if row.DeclineCode == "" {
		return ErrCardDeclined
	}
	return ErrCardDeclined.With("decline_code", row.DeclineCode)
}

func transaction(row paymentdb.Transaction) Transaction {
	return Transaction{
		Version:   row.Version,
		Kind:      row.Kind,
		Status:    PaymentStatus(row.Status),
		Amount:    money.New(row.Amount, row.Currency),
		Code:      row.Code,
		CreatedAt: row.CreatedAt.UTC(),
	}
}
