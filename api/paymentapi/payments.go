package paymentapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
	"kassa/internal/money"
)

// Tags group the operations in the document.
const (
	tagPayments = "Payments"
	tagLedger   = "Ledger"
)

// moneyWithin bounds a request that moves money. It runs on when its client goes
// away: money that moves must be recorded.
const moneyWithin = 10 * time.Second

type paymentPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Payment id." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
}

type paymentOutput struct {
	ETag string `header:"ETag" doc:"Version of the payment." example:"\"2\""`
	Body payment.Payment
}

type listInput struct {
	OrderID     string    `query:"order_id" format:"uuid" minLength:"36" maxLength:"36" doc:"Only the payment of this order." example:"01993f5e-8f5a-7b12-8c11-6a0b9d3e5f21"`
	UserID      string    `query:"user_id" format:"uuid" minLength:"36" maxLength:"36" doc:"Only this customer's payments." example:"01993f5e-8f5a-7b12-8c11-6a0b9d3e5f22"`
	Status      string    `query:"status" enum:"pending,unknown,requires_action,authorized,captured,voided,refunded,failed" doc:"Only payments in this status." example:"captured"`
	Provider    string    `query:"provider" enum:"card,bank_transfer" doc:"Only payments by this provider." example:"bank_transfer"`
	Currency    string    `query:"currency" pattern:"^[A-Z]{3}$" doc:"Only payments in this currency." example:"EUR"`
	CreatedFrom time.Time `query:"created_from" doc:"Only payments first asked for then or later." example:"2026-01-01T00:00:00Z"`
	CreatedTo   time.Time `query:"created_to" doc:"Only payments first asked for before then." example:"2026-02-01T00:00:00Z"`
	Limit       int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Payments per page."`
	Cursor      string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

// scope names the list that a cursor of it belongs to.
func (in listInput) scope() string {
	in.Limit, in.Cursor = 0, ""
	return fmt.Sprintf("list-payments %+v", in)
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/payments?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[payment.Payment]
}

type transactionsOutput struct {
	Body httpapi.Page[payment.Transaction]
}

// CaptureRequest says how much of what is held to take.
type CaptureRequest struct {
	Amount *money.Money `json:"amount,omitempty" doc:"What to take. Leave it out to take everything."`
	Final  *bool        `json:"final,omitempty" default:"true" doc:"Whether to let the rest go. False keeps it held for another capture, on cards that can do that." example:"false"`
}

type captureInput struct {
	ID   uuid.UUID `path:"id" format:"uuid" doc:"Payment id." example:"01993f5e-8f5c-7c43-9d0a-2f4c6e1b7a90"`
	Body CaptureRequest
}

// Register adds the operations of the payment service to a.
func Register(a *httpapi.API, svc *payment.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-payments", Method: http.MethodGet, Path: "/v1/payments", Tag: tagPayments, Summary: "List payments, newest first",
		Access: httpapi.Support, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		return list(ctx, svc, a.Cursors(), in)
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "read-payment", Method: http.MethodGet, Path: "/v1/payments/{id}", Tag: tagPayments, Summary: "Read a payment",
		Access: httpapi.Customer, Errors: []*fault.Error{payment.ErrPaymentNotFound},
	}, func(ctx context.Context, in *paymentPath) (*paymentOutput, error) {
		return shape(svc.ReadPayment(ctx, asked(ctx, in.ID)))
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "list-transactions", Method: http.MethodGet, Path: "/v1/payments/{id}/transactions", Tag: tagPayments,
		Summary: "Read a payment's history, oldest first", Description: "What happened to it, one step per version. It is short: there is one page.",
		Access: httpapi.Customer, Errors: []*fault.Error{payment.ErrPaymentNotFound},
	}, func(ctx context.Context, in *paymentPath) (*transactionsOutput, error) {
		history, err := svc.ListTransactions(ctx, asked(ctx, in.ID))
		if err != nil {
			return nil, err
		}
		return &transactionsOutput{Body: httpapi.Page[payment.Transaction]{Data: history.Transactions}}, nil
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "capture-payment", Method: http.MethodPost, Path: "/v1/payments/{id}/capture", Tag: tagPayments,
		Summary: "Take the money that a payment holds", Description: "All of it, or a part. The rest is let go unless `final` is false; then more can be taken later.",
		Access: httpapi.Support, Key: httpapi.RequiredKey, Errors: []*fault.Error{
			payment.ErrPaymentNotFound, payment.ErrPaymentNotCapturable, payment.ErrPaymentVoided, payment.ErrPaymentDiffers,
			payment.ErrCaptureExceeds, payment.ErrCaptureIndivisible, payment.ErrPaymentInvalid, payment.ErrPaymentInProgress, payment.ErrProviderUnavailable,
		},
	}, func(ctx context.Context, in *captureInput) (*paymentOutput, error) {
		return capture(ctx, svc, in)
	})
	methods(a, svc)
	ledger(a, svc)
	webhooks(a, svc)
}

// asked names a payment, for a customer only when it is their own.
func asked(ctx context.Context, id uuid.UUID) payment.ReadPaymentInput {
	in := payment.ReadPaymentInput{PaymentID: id}
	if asker, _ := identity.From(ctx); !asker.Role.Includes(identity.Support) {
		in.OwnerID = asker.UserID
	}
	return in
}

func shape(p payment.Payment, err error) (*paymentOutput, error) {
	if err != nil {
		return nil, err
	}
	return &paymentOutput{ETag: httpapi.ETag(p.Version), Body: p}, nil
}

// idOf reads an id of which the form was checked; "" is the zero id.
func idOf(text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	return uuid.MustParse(text)
}

func list(ctx context.Context, svc *payment.Service, cursors httpapi.Cursors, in *listInput) (*listOutput, error) {
	scope := in.scope()
	ask := payment.ListPaymentsInput{
		OrderID: idOf(in.OrderID), UserID: idOf(in.UserID), Status: payment.PaymentStatus(in.Status), Provider: payment.Provider(in.Provider),
		Currency: in.Currency, CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Limit: in.Limit,
	}
	if in.Cursor != "" {
		if err := cursors.Verify(scope, in.Cursor, &ask.Before); err != nil {
			return nil, err
		}
	}
	page, err := svc.ListPayments(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: httpapi.Page[payment.Payment]{Data: page.Payments}}
	if page.More {
		out.Body.NextCursor = cursors.Sign(scope, page.Payments[len(page.Payments)-1].ID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}

// keyed is the id that makes a keyed request count once, even when the process
// died before it could store its answer under the key.
func keyed(ctx context.Context, what string) uuid.UUID {
	asker, _ := identity.From(ctx)
	return uuid.NewSHA1(asker.UserID, []byte(what+" "+httpapi.IdempotencyKey(ctx)))
}

func capture(ctx context.Context, svc *payment.Service, in *captureInput) (*paymentOutput, error) {
	p, err := svc.ReadPayment(ctx, payment.ReadPaymentInput{PaymentID: in.ID})
	if err != nil {
		return nil, err
	}
	ask := payment.CapturePaymentInput{OrderID: p.OrderID, CaptureID: keyed(ctx, "capture-payment "+in.ID.String()), Final: in.Body.Final == nil || *in.Body.Final}
	if in.Body.Amount != nil {
		if in.Body.Amount.Amount < 1 { // 0 would take everything
			return nil, payment.ErrPaymentInvalid
		}
		ask.Amount = *in.Body.Amount
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), moneyWithin)
	defer cancel()
	return shape(svc.CapturePayment(ctx, ask))
}
