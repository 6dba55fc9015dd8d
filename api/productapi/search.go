package productapi

import (
	"context"
	"fmt"
	"net/http"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type searchInput struct {
	Query    string `query:"q" maxLength:"200" doc:"Words that must all occur, in any form. One that no product has is read as those that look like it." example:"stoneware mug"`
	Category string `query:"category" maxLength:"64" doc:"Id or slug of a category; what is in the categories inside it counts too." example:"mugs"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" default:"EUR" doc:"Of the prices. What has none in it is not found."`
	MinPrice int64  `query:"min_price" minimum:"0" default:"0" doc:"The cheapest variant costs so much or more, in minor units."`
	MaxPrice int64  `query:"max_price" minimum:"0" doc:"The cheapest variant costs so much or less, in minor units; 0 means no limit."`
	InStock  bool   `query:"in_stock" default:"false" doc:"Only what is available. What is known of the stock is some moments old: checkout decides."`
	Sort     string `query:"sort" enum:"relevance,newest,price_asc,price_desc" default:"relevance" doc:"relevance is newest when there is no q."`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Products per page."`
	Cursor   string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

// SearchResult is one page of what was found.
type SearchResult struct {
	Data       []product.Hit  `json:"data" nullable:"false" doc:"The products of this page, in the order asked for."`
	NextCursor string         `json:"next_cursor,omitempty" doc:"Send it as cursor for the next page; absent on the last one." example:"eyJhIjoxfQ.c2lnbmF0dXJl"`
	Total      int64          `json:"total" doc:"How many there are on all pages; some seconds old at most, like the facets." example:"12"`
	Corrected  string         `json:"corrected_query,omitempty" doc:"What was looked for instead of q; absent when it was q." example:"stoneware mug"`
	Facets     product.Facets `json:"facets" doc:"How many products there would be under another choice."`
}

type searchOutput struct {
	Link string `header:"Link" doc:"RFC 8288 link to the next page." example:"</api/v1/products/search?cursor=ImEi.c2ln&q=mug>; rel=\"next\""`
	Body SearchResult
}

func search(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "search-products", Method: http.MethodGet, Path: "/v1/products/search", Tag: tag,
		Summary: "Search the catalogue",
		Description: "Finds active products by words in name, SKU, options and description, in this order of weight, and forgives typing errors. " +
			"Counts how many there are per category and band of prices.",
		Errors: []*fault.Error{httpapi.ErrBadCursor, product.ErrUnknownCategory, product.ErrUnknownCurrency},
	}, func(ctx context.Context, in *searchInput) (*searchOutput, error) {
		scope := fmt.Sprintf("search-products %q %s %s %d %d %t %s", in.Query, in.Category, in.Currency, in.MinPrice, in.MaxPrice, in.InStock, in.Sort)
		ask := product.SearchProductsInput{
			Query: in.Query, Category: in.Category, Currency: in.Currency, MinPrice: in.MinPrice, MaxPrice: in.MaxPrice,
			InStock: in.InStock, Sort: in.Sort, Limit: in.Limit,
		}
		if in.Cursor != "" {
			ask.After = &product.SearchMark{}
			if err := a.Cursors().Verify(scope, in.Cursor, ask.After); err != nil {
				return nil, err
			}
		}
		found, err := svc.SearchProducts(ctx, ask)
		if err != nil {
			return nil, err
		}
		out := &searchOutput{Body: SearchResult{Data: found.Hits, Total: found.Total, Corrected: found.Corrected, Facets: found.Facets}}
		if found.Next != nil {
			out.Body.NextCursor = a.Cursors().Sign(scope, found.Next)
			out.Link = httpapi.NextLink(ctx, out.Body.NextCursor)
		}
		return out, nil
	})
}
