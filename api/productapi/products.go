package productapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
	"kassa/internal/identity"
)

const tag = "Products"

// Register adds the operations of the product service to a. svc may be nil when
// only the document is wanted.
func Register(a *httpapi.API, svc *product.Service) {
	catalogue(a, svc)
	changes(a, svc)
	variants(a, svc)
	categories(a, svc)
	search(a, svc)
	transfer(a, svc)
	quotes(a, svc)
}

// ProductPath names a product. It is exported because Huma leaves out the
// parameters of an embedded type that is not.
type ProductPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
}

type productOutput struct {
	ETag string `header:"ETag" doc:"Version of the product, for If-Match." example:"\"1\""`
	Body product.Product
}

type createdOutput struct {
	Location string `header:"Location" doc:"Where the product is." example:"/api/v1/products/01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	ETag     string `header:"ETag" doc:"Version of the product, for If-Match." example:"\"1\""`
	Body     product.Product
}

type listInput struct {
	Status       string    `query:"status" enum:"active,draft,archived,all" default:"active" doc:"Which products. Anything but active is for admins."`
	Category     string    `query:"category" maxLength:"64" doc:"Id or slug of a category; what is in the categories inside it counts too." example:"mugs"`
	Currency     string    `query:"currency" pattern:"^[A-Z]{3}$" default:"EUR" doc:"Of min_price and max_price."`
	MinPrice     int64     `query:"min_price" minimum:"0" default:"0" doc:"At least one variant costs so much or more, in minor units."`
	MaxPrice     int64     `query:"max_price" minimum:"0" doc:"At least one variant costs so much or less, in minor units; 0 means no limit."`
	UpdatedSince time.Time `query:"updated_since" doc:"Changed at this time or later." example:"2026-01-15T09:30:00Z"`
	Limit        int       `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Products per page."`
	Cursor       string    `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

type listOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/products?cursor=ImEi.c2ln>; rel=\"next\""`
	Body httpapi.Page[product.Product]
}

func catalogue(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-products", Method: http.MethodGet, Path: "/v1/products", Tag: tag,
		Summary:     "List products, oldest first",
		Description: "Everybody sees active products; admins may ask for the others too.",
		Errors:      []*fault.Error{httpapi.ErrBadCursor, identity.ErrForbidden, product.ErrUnknownCategory},
	}, func(ctx context.Context, in *listInput) (*listOutput, error) {
		if in.Status != product.Active && !isAdmin(ctx) {
			return nil, identity.ErrForbidden
		}
		return list(ctx, svc, a.Cursors(), in)
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "create-product", Method: http.MethodPost, Path: "/v1/products", Tag: tag, Status: http.StatusCreated,
		Summary:     "Add a product with its variants and prices",
		Description: "A single variant takes the product's id: a product without options is its own only variant.",
		Access:      httpapi.Admin, Key: httpapi.OptionalKey,
		Errors: []*fault.Error{product.ErrBadProduct, product.ErrSKUTaken, product.ErrUnknownCategory},
	}, func(ctx context.Context, in *struct{ Body product.NewProduct }) (*createdOutput, error) {
		made, err := svc.CreateProduct(ctx, product.CreateProductInput{ProductID: id.New(), NewProduct: in.Body})
		if err != nil {
			return nil, err
		}
		return &createdOutput{Location: "/api/v1/products/" + made.ID.String(), ETag: httpapi.ETag(made.Version), Body: made}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "read-product", Method: http.MethodGet, Path: "/v1/products/{id}", Tag: tag,
		Summary:     "Read a product",
		Description: "A draft or archived product is not found, except by admins.",
		Errors:      []*fault.Error{product.ErrProductNotFound},
	}, func(ctx context.Context, in *ProductPath) (*productOutput, error) {
		found, err := svc.ReadProduct(ctx, product.ReadProductInput{ProductID: in.ID})
		if err == nil && found.Status != product.Active && !isAdmin(ctx) {
			err = product.ErrProductNotFound
		}
		return shown(found, err)
	})
}

func shown(p product.Product, err error) (*productOutput, error) {
	if err != nil {
		return nil, err
	}
	return &productOutput{ETag: httpapi.ETag(p.Version), Body: p}, nil
}

func list(ctx context.Context, svc *product.Service, cursors httpapi.Cursors, in *listInput) (*listOutput, error) {
	ask := product.ListProductsInput{Status: in.Status, Category: in.Category, Currency: in.Currency, Limit: in.Limit}
	if in.Status == "all" {
		ask.Status = ""
	}
	if in.MinPrice > 0 {
		ask.MinPrice = &in.MinPrice
	}
	if in.MaxPrice > 0 {
		ask.MaxPrice = &in.MaxPrice
	}
	if !in.UpdatedSince.IsZero() {
		ask.UpdatedSince = &in.UpdatedSince
	}
	scope := fmt.Sprintf("list-products %s %s %s %d %d %s", in.Status, in.Category, in.Currency, in.MinPrice, in.MaxPrice, in.UpdatedSince)
	if in.Cursor != "" {
		if err := cursors.Verify(scope, in.Cursor, &ask.After); err != nil {
			return nil, err
		}
	}
	page, err := svc.ListProducts(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: httpapi.Page[product.Product]{Data: page.Products}}
	if page.More {
		out.Body.NextCursor = cursors.Sign(scope, page.Products[len(page.Products)-1].ID)
		out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
	}
	return out, nil
}

func isAdmin(ctx context.Context) bool {
	p, ok := identity.From(ctx)
	return ok && p.Role.Includes(identity.Admin)
}
