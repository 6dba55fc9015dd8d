package notificationapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/notification"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type deliveriesInput struct {
	ID     uuid.UUID `path:"id" format:"uuid" doc:"Id of the endpoint." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7c01"`
	Status string    `query:"status" enum:"pending,delivered,failed" doc:"Only deliveries in this status."`
	Limit  int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Deliveries per page."`
	Cursor string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type deliveriesOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[notification.WebhookDelivery]
}

type deliveryOutput struct {
	Body notification.WebhookDelivery
}

func deliveries(a *httpapi.API, svc *notification.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-webhook-deliveries", Method: http.MethodGet, Path: "/v1/webhook-endpoints/{id}/deliveries", Tag: webhooksTag,
		Summary:     "List what an endpoint was told, newest first",
		Description: "Kept for 30 days.",
		Access:      httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor, notification.ErrEndpointNotFound},
	}, func(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
		return listDeliveries(ctx, svc, a.Cursors(), in)
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replay-webhook-delivery", Method: http.MethodPost, Path: "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}/replay", Tag: webhooksTag,
		Summary:     "Deliver once more",
		Description: "With the same webhook-id, so that an endpoint that has had it can tell. The retry schedule begins anew.",
		Access:      httpapi.Admin, Key: httpapi.OptionalKey, Status: http.StatusAccepted,
		Errors: []*fault.Error{
			notification.ErrEndpointNotFound, notification.ErrDeliveryNotFound, notification.ErrEndpointDisabled, notification.ErrDeliveryPending,
		},
	}, func(ctx context.Context, in *struct {
		EndpointPath
		DeliveryID uuid.UUID `path:"delivery_id" format:"uuid" doc:"Id of the delivery." example:"0199f3c2-8c1e-4d55-9d0e-5b8a3f4f7d01"`
	},
	) (*deliveryOutput, error) {
		again, err := svc.ReplayWebhookDelivery(ctx, notification.ReplayWebhookDeliveryInput{EndpointID: in.ID, ID: in.DeliveryID})
		if err != nil {
			return nil, err
		}
		return &deliveryOutput{Body: again}, nil
	})
}

func listDeliveries(ctx context.Context, svc *notification.Service, cursors httpapi.Cursors, in *deliveriesInput) (*deliveriesOutput, error) {
	scope := "list-webhook-deliveries/" + in.ID.String() + "?status=" + in.Status
	ask := notification.ListWebhookDeliveriesInput{EndpointID: in.ID, Status: in.Status, Limit: in.Limit + 1}
	if in.Cursor != "" {
		ask.Before = new(notification.DeliveryPlace)
		if err := cursors.Verify(scope, in.Cursor, ask.Before); err != nil {
			return nil, err
		}
	}
	found, err := svc.ListWebhookDeliveries(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{Body: httpapi.Page[notification.WebhookDelivery]{Data: found.Deliveries}}
	if len(found.Deliveries) > in.Limit {
		out.Body.Data = found.Deliveries[:in.Limit]
		last := out.Body.Data[in.Limit-1]
		out.Body.NextCursor = cursors.Sign(scope, notification.DeliveryPlace{At: last.CreatedAt, ID: last.ID})
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}
