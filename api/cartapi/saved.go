package cartapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/money"
)

const savedTag = "Saved items"

// SavedItem is a variant that a customer put aside, with what it costs now.
type SavedItem struct {
	ID        uuid.UUID    `json:"id" format:"uuid" doc:"The saved item." example:"01993c60-3b22-7c31-8d5f-7e2a3b4c5d6e"`
	VariantID uuid.UUID    `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	ProductID *uuid.UUID   `json:"product_id,omitempty" format:"uuid" doc:"Its product; absent, as name and price, when it cannot be bought at the moment." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	SKU       string       `json:"sku,omitempty" doc:"Stock keeping unit." example:"MUG-RED"`
	Name      string       `json:"name,omitempty" doc:"Product and variant, to be shown." example:"Mug, red"`
	UnitPrice *money.Money `json:"unit_price,omitempty" doc:"Price of one, in the cart's currency."`
	SavedAt   time.Time    `json:"saved_at" doc:"When it was put aside." example:"2026-01-15T09:30:00Z"`
}

// NewSavedItem is something to put aside.
type NewSavedItem struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
}

// MoveRequest says how many pieces to put into the cart.
type MoveRequest struct {
	Quantity int64 `json:"quantity,omitempty" minimum:"1" maximum:"10000" default:"1" doc:"Pieces." example:"1"`
}

// SavedPath names a saved item. It is exported because Huma leaves out the
// parameters of an embedded type that is not.
type SavedPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the saved item." example:"01993c60-3b22-7c31-8d5f-7e2a3b4c5d6e"`
}

type savedListInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Items per page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type savedListOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/saved-items?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[SavedItem]
}

func savedItems(a *httpapi.API, carts *cart.Service, d *Desk) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-saved-items", Method: http.MethodGet, Path: "/v1/saved-items", Tag: savedTag, Access: httpapi.Customer,
		Summary: "List what was put aside, newest first",
		Errors:  []*fault.Error{httpapi.ErrBadCursor},
	}, func(ctx context.Context, in *savedListInput) (*savedListOutput, error) {
		scope := "list-saved-items " + customer(ctx).String()
		ask := cart.ListSavedItemsInput{UserID: customer(ctx), Limit: in.Limit}
		if in.Cursor != "" {
			ask.Before = new(uuid.UUID)
			if err := a.Cursors().Verify(scope, in.Cursor, ask.Before); err != nil {
				return nil, err
			}
		}
		page, err := carts.ListSavedItems(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &savedListOutput{Body: httpapi.Page[SavedItem]{Data: d.showSaved(ctx, page.Items)}}
		if page.More {
			out.Body.NextCursor = a.Cursors().Sign(scope, page.Items[len(page.Items)-1].ID)
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "save-item", Method: http.MethodPost, Path: "/v1/saved-items", Tag: savedTag, Access: httpapi.Customer, Key: httpapi.OptionalKey, Status: http.StatusCreated,
		Summary:     "Put something aside for later",
		Description: "What is there already stays as it is. The cart is left alone: take the line out of it as well.",
		Errors:      append([]*fault.Error{cart.ErrSavedItemsFull}, errNotSold...),
	}, func(ctx context.Context, in *struct{ Body NewSavedItem }) (*struct{ Body SavedItem }, error) {
		if _, err := d.priceForCart(ctx, in.Body.VariantID, 1); err != nil {
			return nil, err
		}
		saved, err := carts.SaveItem(ctx, cart.SaveItemInput{UserID: customer(ctx), VariantID: in.Body.VariantID})
		if err != nil {
			return nil, err
		}
		return &struct{ Body SavedItem }{d.showSaved(ctx, []cart.SavedItem{saved})[0]}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "remove-saved-item", Method: http.MethodDelete, Path: "/v1/saved-items/{id}", Tag: savedTag, Access: httpapi.Customer,
		Summary: "Forget a saved item",
		Errors:  []*fault.Error{cart.ErrSavedItemMissing},
	}, func(ctx context.Context, in *SavedPath) (*struct{}, error) {
		_, err := carts.RemoveSavedItem(ctx, cart.RemoveSavedItemInput{UserID: customer(ctx), ItemID: in.ID})
		return nil, err
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "move-saved-item", Method: http.MethodPost, Path: "/v1/saved-items/{id}/move-to-cart", Tag: savedTag, Access: httpapi.Customer, Key: httpapi.OptionalKey,
		Summary: "Move a saved item into the cart",
		Errors:  append([]*fault.Error{cart.ErrSavedItemMissing, cart.ErrBadCartItem, cart.ErrCartFull}, errNotSold...),
	}, func(ctx context.Context, in *struct {
		SavedPath
		Body MoveRequest
	},
	) (*cartOutput, error) {
		saved, err := carts.ReadSavedItem(ctx, cart.ReadSavedItemInput{UserID: customer(ctx), ItemID: in.ID})
		if err != nil {
			return nil, err
		}
		price, err := d.priceForCart(ctx, saved.VariantID, in.Body.Quantity)
		if err != nil {
			return nil, err
		}
		moved, err := carts.MoveSavedItem(ctx, cart.MoveSavedItemInput{UserID: customer(ctx), ItemID: in.ID, Quantity: in.Body.Quantity, UnitPrice: price})
		return d.answer(ctx, cart.Owner{UserID: customer(ctx)}, moved, err)
	})
}

// priceForCart is price, in the currency of the cart of whoever is signed in.
func (d *Desk) priceForCart(ctx context.Context, variant uuid.UUID, quantity int64) (money.Money, error) {
	c, err := d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: cart.Owner{UserID: customer(ctx)}})
	if err != nil {
		return money.Money{}, err
	}
	return d.price(ctx, variant, quantity, c.Currency)
}

// showSaved prices saved items as if one of each were in the cart.
func (d *Desk) showSaved(ctx context.Context, items []cart.SavedItem) []SavedItem {
	shown := make([]SavedItem, len(items))
	pretended := cart.Cart{Currency: cart.DefaultCurrency, ShippingOption: cart.DefaultShipping}
	owner := cart.Owner{UserID: customer(ctx)}
	if c, err := d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: owner}); err == nil {
		pretended.Currency = c.Currency
	}
	for i, item := range items {
		shown[i] = SavedItem{ID: item.ID, VariantID: item.VariantID, SavedAt: item.SavedAt}
		pretended.Lines = append(pretended.Lines, cart.Line{VariantID: item.VariantID, Quantity: 1})
	}
	for i, line := range d.show(ctx, owner, pretended).Lines {
		shown[i].ProductID, shown[i].SKU, shown[i].Name, shown[i].UnitPrice = line.ProductID, line.SKU, line.Name, line.UnitPrice
	}
	return shown
}
