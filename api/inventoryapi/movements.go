package inventoryapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type movementsInput struct {
	ProductPath
	VariantID uuid.UUID `query:"variant_id" format:"uuid" doc:"Only of this variant."`
	Kind      string    `query:"kind" enum:"initial,set,adjust,sold,return" doc:"Only of this kind."`
	Since     time.Time `query:"since" doc:"Not before, RFC 3339." example:"2026-01-01T00:00:00Z"`
	Until     time.Time `query:"until" doc:"Only before, RFC 3339." example:"2027-01-01T00:00:00Z"`
	Limit     int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Movements per page."`
	Cursor    string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type movementsOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/products/01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e/inventory/movements?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[inventory.StockMovement]
}

func movements(a *httpapi.API, svc *inventory.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-movements", Method: http.MethodGet, Path: "/v1/products/{id}/inventory/movements", Tag: tag,
		Summary:     "List what changed the stock of a product, newest first",
		Description: "Every change of on_hand with its reason. Reservations move nothing.",
		Access:      httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *movementsInput) (*movementsOutput, error) {
		// The cursor holds for this product and these filters only.
		scope := "list-movements " + in.ID.String() + in.VariantID.String() + in.Kind + in.Since.String() + in.Until.String()
		ask := inventory.ListMovementsInput{
			ProductID: in.ID, VariantID: orNil(in.VariantID), Kind: in.Kind, Since: orNil(in.Since), Until: orNil(in.Until), Limit: in.Limit,
		}
		if in.Cursor != "" {
			ask.Before = &inventory.MovementPosition{}
			if err := a.Cursors().Verify(scope, in.Cursor, ask.Before); err != nil {
				return nil, err
			}
		}
		page, err := svc.ListMovements(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &movementsOutput{Body: httpapi.Page[inventory.StockMovement]{Data: page.Movements}}
		if page.More {
			out.Body.NextCursor = a.Cursors().Sign(scope, page.Movements[len(page.Movements)-1].Position())
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})
}

// orNil is a filter that was given, or nil.
func orNil[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}
