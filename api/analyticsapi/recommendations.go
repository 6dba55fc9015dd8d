package analyticsapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"kassa/activities/analytics"
	"kassa/internal/httpapi"
)

type recommendationsOutput struct {
	Body httpapi.Page[analytics.Recommendation]
}

func recommendations(a *httpapi.API, svc *analytics.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "list-recommendations", Method: http.MethodGet, Path: "/v1/recommendations", Tag: tag, Access: httpapi.Customer,
		Summary: "List products that you may want",
		Description: "What others ordered together with what you bought or looked at, then what is popular. " +
			"Nothing that you have bought, and nothing that is not for sale any more.",
	}, func(ctx context.Context, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"50" default:"10" doc:"Products."`
	},
	) (*recommendationsOutput, error) {
		return recommended(svc.ListRecommendations(ctx, analytics.ListRecommendationsInput{UserID: visitor(ctx), Limit: in.Limit}))
	})

	httpapi.Register(a, httpapi.Operation{
		ID: "list-related-products", Method: http.MethodGet, Path: "/v1/products/{id}/related", Tag: tag,
		Summary:     "List what goes with a product",
		Description: "What others ordered together with it, then what is popular. A product that nobody has ordered yet, or that there is not, gets what is popular.",
	}, func(ctx context.Context, in *struct {
		ID    uuid.UUID `path:"id" format:"uuid" doc:"Id of the product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
		Limit int       `query:"limit" minimum:"1" maximum:"50" default:"10" doc:"Products."`
	},
	) (*recommendationsOutput, error) {
		return recommended(svc.ListRelatedProducts(ctx, analytics.ListRelatedInput{ProductID: in.ID, Limit: in.Limit}))
	})
}

func recommended(found analytics.Recommendations, err error) (*recommendationsOutput, error) {
	if err != nil {
		return nil, err
	}
	return &recommendationsOutput{Body: httpapi.Page[analytics.Recommendation]{Data: found.Products}}, nil
}
