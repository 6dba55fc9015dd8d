package inventoryapi

import (
	"context"
	"net/http"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type listInput struct {
	Status string `query:"status" enum:"held,released" doc:"Only reservations in this status."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Reservations per page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/reservations?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[inventory.Reservation]
}

func reservations(a *httpapi.API, svc *inventory.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-reservations", Method: http.MethodGet, Path: "/v1/reservations", Tag: tag,
		Summary:     "List reservations, oldest order first",
		Description: "Who holds what. A released reservation without lines is a tombstone: its release came before it.",
		Access:      httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		return list(ctx, svc, a.Cursors(), in)
	})
}

func list(ctx context.Context, svc *inventory.Service, cursors httpapi.Cursors, in *listInput) (*listOutput, error) {
	scope := "list-reservations?status=" + in.Status
	ask := inventory.ListReservationsInput{Status: in.Status, Limit: in.Limit}
	if in.Cursor != "" {
		if err := cursors.Verify(scope, in.Cursor, &ask.After); err != nil {
			return nil, err
		}
	}
	page, err := svc.ListReservations(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: httpapi.Page[inventory.Reservation]{Data: page.Reservations}}
	if page.More {
		out.Body.NextCursor = cursors.Sign(scope, page.Reservations[len(page.Reservations)-1].OrderID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}
