package productapi

import (
	"context"
	"net/http"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type archivedOutput struct {
	ETag string `header:"ETag" doc:"Version of the archived product." example:"\"3\""`
}

// changes are the operations on a product that is there.
func changes(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "update-product", Method: http.MethodPatch, Path: "/v1/products/{id}", Tag: tag,
		Summary:     "Change a product and its prices",
		Description: "Changes what is given and leaves the rest. The prices of a variant are replaced as a whole.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{
			product.ErrProductNotFound, product.ErrProductStale, product.ErrBadProduct, product.ErrUnknownVariant, product.ErrUnknownCategory,
			product.ErrNothingToChange,
		},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body product.ProductChange
	},
	) (*productOutput, error) {
		return shown(svc.UpdateProduct(ctx, product.UpdateProductInput{
			ProductID: in.ID, IfVersion: httpapi.IfMatch(ctx), ProductChange: in.Body,
		}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-product", Method: http.MethodPut, Path: "/v1/products/{id}", Tag: tag,
		Summary: "Replace a product",
		Description: "Replaces everything; what is left out is empty, or has its default. A variant is known by its SKU: it keeps its id. " +
			"One that is not named goes, and cannot be bought any more.",
		Access: httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{
			product.ErrProductNotFound, product.ErrProductStale, product.ErrBadProduct, product.ErrSKUTaken, product.ErrUnknownCategory,
		},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body product.NewProduct
	},
	) (*productOutput, error) {
		return shown(svc.ReplaceProduct(ctx, product.ReplaceProductInput{
			ProductID: in.ID, IfVersion: httpapi.IfMatch(ctx), NewProduct: in.Body,
		}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "archive-product", Method: http.MethodDelete, Path: "/v1/products/{id}", Tag: tag, Status: http.StatusNoContent,
		Summary:     "Take a product from the shelf",
		Description: "The product becomes archived: neither shown nor sold, but kept for the orders that name it. A PATCH of its status brings it back.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{product.ErrProductNotFound, product.ErrProductStale},
	}, func(ctx context.Context, in *ProductPath) (*archivedOutput, error) {
		archived, err := svc.ArchiveProduct(ctx, product.ArchiveProductInput{ProductID: in.ID, IfVersion: httpapi.IfMatch(ctx)})
		if err != nil {
			return nil, err
		}
		return &archivedOutput{ETag: httpapi.ETag(archived.Version)}, nil
	})
}
