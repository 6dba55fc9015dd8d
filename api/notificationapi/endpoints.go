package notificationapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/notification"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

const webhooksTag = "Webhooks"

// EndpointPath names a webhook endpoint. It is exported because Huma leaves out
// the parameters of an embedded type that is not.
type EndpointPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the endpoint." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7c01"`
}

// NewWebhookEndpoint is an endpoint to be made.
type NewWebhookEndpoint struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" doc:"Where it is told: https, on the public internet, no password in it." example:"https://erp.example.com/kassa"`
	Description string   `json:"description,omitempty" maxLength:"200" doc:"What it is for, in words." example:"Sends orders to the ERP"`
	EventTypes  []string `json:"event_types" minItems:"1" maxItems:"100" nullable:"false" doc:"What it hears: types, order.* for all of a kind, or * for everything." example:"[\"order.*\"]"`
}

type endpointOutput struct {
	ETag     string `header:"ETag" doc:"Version of the endpoint." example:"\"1\""`
	Location string `header:"Location" doc:"The endpoint."`
	Body     notification.WebhookEndpoint
}

type endpointsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Endpoints per page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type endpointsOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[notification.WebhookEndpoint]
}

func endpoints(a *httpapi.API, svc *notification.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-webhook-endpoints", Method: http.MethodGet, Path: "/v1/webhook-endpoints", Tag: webhooksTag,
		Summary: "List the webhook endpoints, newest first",
		Access:  httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *endpointsInput) (*endpointsOutput, error) {
		return listEndpoints(ctx, svc, a.Cursors(), in)
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "create-webhook-endpoint", Method: http.MethodPost, Path: "/v1/webhook-endpoints", Tag: webhooksTag,
		Summary: "Tell a program what happens",
		Description: "By [Standard Webhooks](https://www.standardwebhooks.com): POST of type, timestamp and data, signed with the secret that this answer shows and no later one. " +
			"There is one endpoint per address. The answer is not kept, so an Idempotency-Key has no effect: a repeat is `webhook_endpoint_exists`.",
		Access: httpapi.Admin, Status: http.StatusCreated,
		Errors: []*fault.Error{notification.ErrBadEndpoint, notification.ErrEndpointExists},
	}, func(ctx context.Context, in *struct{ Body NewWebhookEndpoint }) (*endpointOutput, error) {
		asker, _ := identity.From(ctx)
		out, err := shown(svc.CreateWebhookEndpoint(ctx, notification.CreateWebhookEndpointInput{
			ActorID: asker.UserID, URL: in.Body.URL, Description: in.Body.Description, EventTypes: in.Body.EventTypes,
		}))
		if err == nil {
			out.Location = "/api/v1/webhook-endpoints/" + out.Body.ID.String()
		}
		return out, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-webhook-endpoint", Method: http.MethodGet, Path: "/v1/webhook-endpoints/{id}", Tag: webhooksTag,
		Summary: "Read a webhook endpoint",
		Access:  httpapi.Admin, Errors: []*fault.Error{notification.ErrEndpointNotFound},
	}, func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
		return shown(svc.ReadWebhookEndpoint(ctx, notification.ReadWebhookEndpointInput{ID: in.ID}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "update-webhook-endpoint", Method: http.MethodPatch, Path: "/v1/webhook-endpoints/{id}", Tag: webhooksTag,
		Summary:     "Change a webhook endpoint",
		Description: "What is left out stays. With `rotate_secret` the answer shows a new secret; the one before signs as well for 24 hours.",
		Access:      httpapi.Admin, Errors: []*fault.Error{notification.ErrEndpointNotFound, notification.ErrBadEndpoint, notification.ErrEndpointExists},
	}, func(ctx context.Context, in *struct {
		EndpointPath
		Body notification.WebhookEndpointChange
	},
	) (*endpointOutput, error) {
		return shown(svc.UpdateWebhookEndpoint(ctx, notification.UpdateWebhookEndpointInput{ID: in.ID, WebhookEndpointChange: in.Body}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "delete-webhook-endpoint", Method: http.MethodDelete, Path: "/v1/webhook-endpoints/{id}", Tag: webhooksTag,
		Summary: "Delete a webhook endpoint and the log of its deliveries",
		Access:  httpapi.Admin, Status: http.StatusNoContent, Errors: []*fault.Error{notification.ErrEndpointNotFound},
	}, func(ctx context.Context, in *EndpointPath) (*struct{}, error) {
		_, err := svc.DeleteWebhookEndpoint(ctx, notification.DeleteWebhookEndpointInput{ID: in.ID})
		if err != nil {
			return nil, err
		}
		return nil, nil //nolint:nilnil // 204
	})
}

func shown(e notification.WebhookEndpoint, err error) (*endpointOutput, error) {
	if err != nil {
		return nil, err
	}
	return &endpointOutput{ETag: httpapi.ETag(e.Version), Body: e}, nil
}

func listEndpoints(ctx context.Context, svc *notification.Service, cursors httpapi.Cursors, in *endpointsInput) (*endpointsOutput, error) {
	const scope = "list-webhook-endpoints"
	ask := notification.ListWebhookEndpointsInput{Limit: in.Limit + 1}
	if in.Cursor != "" {
		ask.Before = new(uuid.UUID)
		if err := cursors.Verify(scope, in.Cursor, ask.Before); err != nil {
			return nil, err
		}
	}
	found, err := svc.ListWebhookEndpoints(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &endpointsOutput{Body: httpapi.Page[notification.WebhookEndpoint]{Data: found.Endpoints}}
	if len(found.Endpoints) > in.Limit {
		out.Body.Data = found.Endpoints[:in.Limit]
		out.Body.NextCursor = cursors.Sign(scope, out.Body.Data[in.Limit-1].ID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}
