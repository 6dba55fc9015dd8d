package productapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/id"
)

// VariantPath names a variant of a product.
type VariantPath struct {
	ProductPath
	VariantID uuid.UUID `path:"variant_id" format:"uuid" doc:"Id of the variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
}

// Variants is a product's, all of them.
type Variants struct {
	Data []product.Variant `json:"data" nullable:"false" doc:"The variants in their order."`
}

type variantsOutput struct {
	ETag string `header:"ETag" doc:"Version of the product, for If-Match." example:"\"1\""`
	Body Variants
}

type variantOutput struct {
	ETag string `header:"ETag" doc:"Version of the product, for If-Match." example:"\"2\""`
	Body product.Variant
}

type addedOutput struct {
	Location string `header:"Location" doc:"Where the variant is." example:"/api/v1/products/01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e/variants/01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d31"`
	ETag     string `header:"ETag" doc:"Version of the product, for If-Match." example:"\"2\""`
	Body     product.Variant
}

type removedOutput struct {
	ETag string `header:"ETag" doc:"Version of the product." example:"\"3\""`
}

func variants(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-variants", Method: http.MethodGet, Path: "/v1/products/{id}/variants", Tag: tag,
		Summary:     "List the variants of a product",
		Description: "All of them; a product has at most 100. Those of a draft or archived product are for admins.",
		Errors:      []*fault.Error{product.ErrProductNotFound},
	}, func(ctx context.Context, in *ProductPath) (*variantsOutput, error) {
		found, err := svc.ReadProduct(ctx, product.ReadProductInput{ProductID: in.ID})
		if err == nil && found.Status != product.Active && !isAdmin(ctx) {
			err = product.ErrProductNotFound
		}
		if err != nil {
			return nil, err
		}
		return &variantsOutput{ETag: httpapi.ETag(found.Version), Body: Variants{Data: found.Variants}}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "add-variant", Method: http.MethodPost, Path: "/v1/products/{id}/variants", Tag: tag, Status: http.StatusCreated,
		Summary:     "Add a variant to a product",
		Description: "It comes after the others. One of several variants needs a name or options: give the first one its own before.",
		Access:      httpapi.Admin, Key: httpapi.OptionalKey,
		Errors: []*fault.Error{product.ErrProductNotFound, product.ErrBadProduct, product.ErrSKUTaken},
	}, func(ctx context.Context, in *struct {
		ProductPath
		Body product.NewVariant
	},
	) (*addedOutput, error) {
		variantID := id.New()
		changed, err := svc.AddVariant(ctx, product.AddVariantInput{ProductID: in.ID, VariantID: variantID, NewVariant: in.Body})
		if err != nil {
			return nil, err
		}
		return &addedOutput{
			Location: "/api/v1/products/" + in.ID.String() + "/variants/" + variantID.String(),
			ETag:     httpapi.ETag(changed.Version), Body: pick(changed, variantID),
		}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "replace-variant", Method: http.MethodPut, Path: "/v1/products/{id}/variants/{variant_id}", Tag: tag,
		Summary:     "Replace a variant",
		Description: "Replaces everything but its id and its place. If-Match names the version of the product.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{
			product.ErrProductNotFound, product.ErrVariantNotFound, product.ErrProductStale, product.ErrBadProduct, product.ErrSKUTaken,
		},
	}, func(ctx context.Context, in *struct {
		VariantPath
		Body product.NewVariant
	},
	) (*variantOutput, error) {
		changed, err := svc.ReplaceVariant(ctx, product.ReplaceVariantInput{
			ProductID: in.ID, VariantID: in.VariantID, IfVersion: httpapi.IfMatch(ctx), NewVariant: in.Body,
		})
		if err != nil {
			return nil, err
		}
		return &variantOutput{ETag: httpapi.ETag(changed.Version), Body: pick(changed, in.VariantID)}, nil
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "remove-variant", Method: http.MethodDelete, Path: "/v1/products/{id}/variants/{variant_id}", Tag: tag, Status: http.StatusNoContent,
		Summary:     "Take a variant from a product",
		Description: "It cannot be bought any more; orders keep what they need of it. The last variant stays. If-Match names the version of the product.",
		Access:      httpapi.Admin, IfMatch: true,
		Errors: []*fault.Error{product.ErrProductNotFound, product.ErrVariantNotFound, product.ErrProductStale, product.ErrLastVariant},
	}, func(ctx context.Context, in *VariantPath) (*removedOutput, error) {
		changed, err := svc.RemoveVariant(ctx, product.RemoveVariantInput{ProductID: in.ID, VariantID: in.VariantID, IfVersion: httpapi.IfMatch(ctx)})
		if err != nil {
			return nil, err
		}
		return &removedOutput{ETag: httpapi.ETag(changed.Version)}, nil
	})
}

// pick is one of the product's variants.
func pick(p product.Product, variantID uuid.UUID) product.Variant {
	for _, v := range p.Variants {
		if v.ID == variantID {
			return v
		}
	}
	return product.Variant{}
}
