package orderapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

// Filters are what lists of orders can be narrowed by.
type Filters struct {
	Status        order.Status `query:"status" enum:"pending,awaiting_payment,in_review,held,confirmed,partially_shipped,shipped,delivered,partially_refunded,refunded,returned,rejected,cancelled" doc:"Only orders in this status."`
	PaymentStatus string       `query:"payment_status" enum:"none,requires_action,authorized,partially_captured,captured,partially_refunded,voided,refunded" doc:"Only orders whose money is there."`
	Fulfilment    string       `query:"fulfilment" enum:"none,preparing,partial,shipped,delivered" doc:"Only orders whose goods are so far."`
	Number        string       `query:"number" pattern:"^K-[0-9]{1,15}$" doc:"Only the order of this number." example:"K-1000042"`
	Tracking      string       `query:"tracking" minLength:"1" maxLength:"100" doc:"Only orders with a shipment of this tracking number."`
	VariantID     string       `query:"variant_id" format:"uuid" doc:"Only orders with this variant."`
	CreatedFrom   time.Time    `query:"created_from" doc:"Only orders placed then or later."`
	CreatedTo     time.Time    `query:"created_to" doc:"Only orders placed earlier."`
	Limit         int          `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Orders per page."`
	Cursor        string       `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listInput struct {
	Filters
	UserID         string `query:"user_id" format:"uuid" doc:"Only orders of this customer."`
	NeedsAttention bool   `query:"needs_attention" doc:"Only orders whose saga cannot get past something by itself."`
}

type listOfUserInput struct {
	Filters
	ID uuid.UUID `path:"id" format:"uuid" doc:"User id."`
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page."`
	Body httpapi.Page[order.Order]
}

func registerLists(a *httpapi.API, orders *order.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-orders", Method: "GET", Path: "/v1/orders", Tag: "Orders", Summary: "List all orders, newest first",
		Access: httpapi.Support, Errors: []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		ask := in.ask()
		ask.UserID, ask.NeedsAttention = parsed(in.UserID), in.NeedsAttention
		return list(ctx, orders, a.Cursors(), "list-orders", in.Filters, ask)
	})
	httpapi.Register(a, httpapi.Operation{
		ID: "list-user-orders", Method: "GET", Path: "/v1/users/{id}/orders", Tag: "Orders", Summary: "List a customer's orders, newest first",
		Access: httpapi.Customer, Errors: []*fault.Error{httpapi.ErrBadCursor, order.ErrOrderNotFound},
	}, func(ctx context.Context, in *listOfUserInput) (*listOutput, error) {
		if asker, _ := identity.From(ctx); !asker.Owns(in.ID) {
			return nil, order.ErrOrderNotFound
		}
		ask := in.ask()
		ask.UserID = &in.ID
		return list(ctx, orders, a.Cursors(), "list-user-orders", in.Filters, ask)
	})
}

// ask is what the filters ask the service for.
func (f Filters) ask() order.ListOrdersInput {
	ask := order.ListOrdersInput{
		Status: unlessZero(f.Status), PaymentStatus: unlessZero(f.PaymentStatus), Fulfilment: unlessZero(f.Fulfilment), Tracking: unlessZero(f.Tracking),
		VariantID: parsed(f.VariantID), CreatedFrom: unlessZero(f.CreatedFrom), CreatedTo: unlessZero(f.CreatedTo), Limit: f.Limit + 1,
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(f.Number, "K-"), 10, 64); err == nil {
		ask.Number = &n
	}
	return ask
}

// list answers a page. Its cursor is good for the same question only.
func list(ctx context.Context, orders *order.Service, cursors httpapi.Cursors, operation string, f Filters, ask order.ListOrdersInput) (*listOutput, error) {
	cursor, size := f.Cursor, f.Limit
	f.Cursor, f.Limit = "", 0
	scope := fmt.Sprintf("%s %v %v %t", operation, f, deref(ask.UserID), ask.NeedsAttention)
	if cursor != "" {
		ask.Before = new(uuid.UUID)
		if err := cursors.Verify(scope, cursor, ask.Before); err != nil {
			return nil, err
		}
	}
	found, err := orders.ListOrders(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: httpapi.Page[order.Order]{Data: found.Orders}}
	if len(found.Orders) > size {
		out.Body.Data = found.Orders[:size]
		out.Body.NextCursor = cursors.Sign(scope, out.Body.Data[size-1].ID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}

// parsed reads an id that the route has checked; nil when there is none.
func parsed(s string) *uuid.UUID {
	if id, err := uuid.Parse(s); err == nil {
		return &id
	}
	return nil
}

func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func deref(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
