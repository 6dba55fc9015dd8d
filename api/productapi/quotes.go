package productapi

import (
	"context"
	"net/http"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

type quoteOutput struct{ Body product.Quote }

// quotes takes no Idempotency-Key: a quote changes nothing, and one from
// yesterday under the same key would be a wrong price.
func quotes(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "quote-lines", Method: http.MethodPost, Path: "/v1/quotes", Tag: tag, MaxBody: 32 << 10,
		Summary: "Price lines now",
		Description: "Answers what the lines cost at this moment; nothing is promised or stored. " +
			"total = subtotal − discount + shipping + tax. Where a country's prices include the tax, tax is 0 and tax_included says how much it is. " +
			"Lines of one variant are summed into the first of them. Shipping depends on option, currency, country, weight and subtotal.",
		Errors: []*fault.Error{
			product.ErrUnknownVariant, product.ErrNotForSale, product.ErrNoPrice, product.ErrBadQuantity, product.ErrBadCountry,
			product.ErrUnknownCurrency, product.ErrUnknownShipping, product.ErrAmountOutOfRange,
		},
	}, func(ctx context.Context, in *struct{ Body product.QuoteInput }) (*quoteOutput, error) {
		quote, err := svc.QuoteLines(ctx, product.QuoteLinesInput{QuoteInput: in.Body})
		if err != nil {
			return nil, err
		}
		return &quoteOutput{Body: quote}, nil
	})
}
