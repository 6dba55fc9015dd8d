package paymentapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/money"
)

// changeWithin bounds a change of the payment method: the provider is asked to
// end the old one and to begin the new one.
const changeWithin = 2 * moneyWithin

// ChangeRequest names another way to pay an order.
type ChangeRequest struct {
	OrderID       uuid.UUID `json:"order_id" format:"uuid" doc:"The order that awaits payment." example:"01993f5e-8f5a-7b12-8c11-6a0b9d3e5f21"`
	PaymentMethod string    `json:"payment_method" minLength:"1" maxLength:"255" doc:"Token of a card from the payment provider, or bank_transfer." example:"pm_card_visa"`
}

type changeInput struct {
	Body ChangeRequest
}

// ReceivedRequest says what has come on our bank account.
type ReceivedRequest struct {
	Amount    money.Money `json:"amount" doc:"What has come: exactly the payment's amount."`
	Reference string      `json:"reference,omitempty" maxLength:"140" doc:"What the bank's statement says." example:"Kassa K7P2M4Q9XA"`
}

type receivedInput struct {
	ID   uuid.UUID `path:"id" format:"uuid" doc:"Payment id." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
	Body ReceivedRequest
}

func methods(a *httpapi.API, svc *payment.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "change-payment-method", Method: http.MethodPost, Path: "/v1/payments", Tag: tagPayments,
		Summary: "Pay an order that awaits payment with another method",
		Description: "While the order waits for its customer, at the bank's 3-D Secure page or with a transfer to make. What the old method could still take is " +
			"made impossible first. The order goes on with the answer: see its status. A card that is declined ends the order, as it does at checkout. " +
			"The method may change ten times.",
		Access: httpapi.Customer, Key: httpapi.RequiredKey, Errors: []*fault.Error{
			payment.ErrPaymentNotFound, payment.ErrPaymentNotAwaiting, payment.ErrPaymentChangedTooOften, payment.ErrPaymentVoided, payment.ErrCardDeclined, payment.ErrPaymentMethodUnknown,
			payment.ErrAmountRefused, payment.ErrPaymentInvalid, payment.ErrPaymentInProgress, payment.ErrProviderUnavailable,
		},
	}, func(ctx context.Context, in *changeInput) (*paymentOutput, error) {
		asker, _ := identity.From(ctx)
		ask := payment.ChangePaymentMethodInput{
			OrderID: in.Body.OrderID, UserID: asker.UserID, PaymentMethod: in.Body.PaymentMethod,
			ChangeID: keyed(ctx, "change-payment-method "+in.Body.OrderID.String()),
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeWithin)
		defer cancel()
		return shape(svc.ChangePaymentMethod(ctx, ask))
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "mark-payment-received", Method: http.MethodPost, Path: "/v1/payments/{id}/mark-received", Tag: tagPayments,
		Summary: "Record that a bank transfer has come",
		Description: "It counts once, however often it is recorded. One that comes after the order has ended is recorded with what is to be sent back: " +
			"the ledger account `refunds_due`.",
		Access: httpapi.Admin, Errors: []*fault.Error{
			payment.ErrPaymentNotFound, payment.ErrPaymentNotTransfer, payment.ErrTransferDiffers, payment.ErrPaymentInProgress,
		},
	}, func(ctx context.Context, in *receivedInput) (*paymentOutput, error) {
		asker, _ := identity.From(ctx)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), moneyWithin)
		defer cancel()
		return shape(svc.ReceivePayment(ctx, payment.ReceivePaymentInput{
			PaymentID: in.ID, Amount: in.Body.Amount, Reference: in.Body.Reference, ActorID: asker.UserID,
		}))
	})
}
