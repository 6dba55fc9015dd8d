package paymentapi

import (
	"context"
	"net/http"

	"kassa/activities/payment"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

// maxWebhook is the largest event taken, in bytes. Those we use are about 5 KB.
const maxWebhook = 512 << 10

type webhookInput struct {
	Signature string `header:"Stripe-Signature" maxLength:"1000" doc:"Stripe's signature over the body and the time." example:"t=1760000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"`
	RawBody   []byte `contentType:"application/json" doc:"A Stripe event."`
}

type webhookOutput struct {
	Body payment.WebhookReceipt
}

func webhooks(a *httpapi.API, svc *payment.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "accept-stripe-webhook", Method: http.MethodPost, Path: "/v1/webhooks/stripe", Tag: tagPayments,
		Summary:     "Take an event from Stripe",
		Description: "For Stripe alone: it must have signed the body within the last five minutes. The event is stored when this answers, and applied afterwards.",
		Access:      httpapi.Public, MaxBody: maxWebhook,
		Errors: []*fault.Error{payment.ErrWebhookForged, payment.ErrWebhookUnreadable},
	}, func(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
		receipt, err := svc.AcceptWebhook(ctx, payment.AcceptWebhookInput{Payload: in.RawBody, Signature: in.Signature})
		if err != nil {
			return nil, err
		}
		return &webhookOutput{Body: receipt}, nil
	})
}
