package payment

import (
	"kassa/events"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/sql/paymentdb"
)

// payment shows a row.
func (s *Service) payment(row paymentdb.Payment) Payment {
	in := func(amount int64) money.Money { return money.New(amount, row.Currency) }
	shown := Payment{
		ID:          row.ID,
		OrderID:     row.OrderID,
		Status:      PaymentStatus(row.Status),
		Capture:     CaptureMode(row.Capture),
		Amount:      in(row.Amount),
		Authorized:  in(row.Authorized),
		Captured:    in(row.Captured),
		Refunded:    in(row.Refunded),
		Provider:    Provider(row.Provider),
		ActionURL:   row.ActionUrl,
		DeclineCode: row.DeclineCode,
		Version:     row.Version,
		CreatedAt:   row.CreatedAt.UTC(),
		UpdatedAt:   row.UpdatedAt.UTC(),
	}
	if shown.Provider == ProviderBankTransfer && shown.Status == StatusRequiresAction {
		shown.Reference = reference(row.ID)
		shown.AwaitSeconds = int64(s.options.TransferWithin.Seconds())
	}
	return shown
}

// changed is the payload of a step's event.
func changed(done step) events.PaymentChanged {
	row := done.now
	in := func(amount int64) money.Money { return money.New(amount, row.Currency) }
	told := events.PaymentChanged{
		PaymentID:   row.ID,
		OrderID:     row.OrderID,
		Status:      row.Status,
		Amount:      in(row.Amount),
		Authorized:  in(row.Authorized),
		Captured:    in(row.Captured),
		Refunded:    in(row.Refunded),
		Provider:    row.Provider,
		DeclineCode: row.DeclineCode,
	}
	switch done.kind {
	case kindCaptured:
		told.CaptureID = done.request
	case kindRefunded, kindRefundFailed:
		told.RefundID = done.request
	}
	return told
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
	shown := Transaction{
		Version:   row.Version,
		Kind:      row.Kind,
		Status:    PaymentStatus(row.Status),
		Amount:    money.New(row.Amount, row.Currency),
		Code:      row.Code,
		CreatedAt: row.CreatedAt.UTC(),
	}
	switch row.Kind {
	case kindCaptured:
		shown.CaptureID = row.RequestID
	case kindRefunded, kindRefundFailed:
		shown.RefundID = row.RequestID
	}
	return shown
}
