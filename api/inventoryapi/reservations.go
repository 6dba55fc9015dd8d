package inventoryapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/inventory"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type listInput struct {
	Status    string    `query:"status" enum:"held,shipped,released" doc:"Only reservations in this status."`
	Holder    string    `query:"holder" enum:"order,hand" doc:"Only those of orders, or those by hand."`
	VariantID uuid.UUID `query:"variant_id" format:"uuid" doc:"Only those with a line of this variant."`
	Limit     int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Reservations per page."`
	Cursor    string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/reservations?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[inventory.Reservation]
}

func reservations(a *httpapi.API, svc *inventory.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-reservations", Method: http.MethodGet, Path: "/v1/reservations", Tag: tag,
		Summary:     "List reservations, oldest order first",
		Description: "Who holds what, and what of it has shipped. A released reservation without lines is a tombstone: its release came before it.",
		Access:      httpapi.Admin, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		return list(ctx, svc, a.Cursors(), in)
	})
}

// HandRelease names what is given back.
type HandRelease struct {
	ReservationID uuid.UUID `json:"reservation_id" format:"uuid" doc:"The reservation: order_id of the answer that made it." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55"`
}

func byHand(a *httpapi.API, svc *inventory.Service) {
	type output struct{ Body inventory.Reservation }
	httpapi.Register(a, httpapi.Operation{
		ID: "reserve-by-hand", Method: http.MethodPost, Path: "/v1/products/{id}/reserve", Tag: tag,
		Access: httpapi.Admin, Key: httpapi.RequiredKey, Status: http.StatusCreated,
		Summary:     "Put units aside by hand",
		Description: "They cannot be bought until they are released. The id of the reservation is its order_id.",
		Errors:      []*fault.Error{inventory.ErrNoStock, inventory.ErrOutOfStock, inventory.ErrBadStockLines, inventory.ErrReservationReleased, inventory.ErrReservationDiffers},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body inventory.HandReservation
	},
	) (*output, error) {
		made, err := svc.ReserveByHand(ctx, inventory.ReserveByHandInput{
			ProductID: in.ID, ReservationID: keyed(ctx, "reserve-by-hand"), ActorID: actor(ctx), HandReservation: in.Body,
		})
		if err != nil {
			return nil, err
		}
		return &output{made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "release-by-hand", Method: http.MethodPost, Path: "/v1/products/{id}/release", Tag: tag,
		Access: httpapi.Admin, Key: httpapi.RequiredKey,
		Summary:     "Give back what was put aside by hand",
		Description: "An order's reservation cannot be released like this: cancel the order.",
		Errors:      []*fault.Error{inventory.ErrReservationMissing},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body HandRelease
	},
	) (*output, error) {
		released, err := svc.ReleaseByHand(ctx, inventory.ReleaseByHandInput{ProductID: in.ID, ReservationID: in.Body.ReservationID})
		if err != nil {
			return nil, err
		}
		return &output{released}, nil
	})
}

func list(ctx context.Context, svc *inventory.Service, cursors httpapi.Cursors, in *listInput) (*listOutput, error) {
	scope := "list-reservations?status=" + in.Status + "&holder=" + in.Holder + "&variant_id=" + in.VariantID.String()
	ask := inventory.ListReservationsInput{Status: in.Status, Holder: in.Holder, VariantID: orNil(in.VariantID), Limit: in.Limit}
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
