package cartapi

import (
	"context"
	"net/http"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/money"
)

// ShippingOptions are the ways in which a cart can be shipped.
type ShippingOptions struct {
	Options []ShippingChoice `json:"options" nullable:"false" doc:"None when nothing in the cart can be bought."`
}

// ShippingChoice is one way to ship, and what it costs.
type ShippingChoice struct {
	Option  string      `json:"option" doc:"Its name, for the cart and the checkout." example:"standard"`
	Name    string      `json:"name" doc:"To be shown." example:"Standard"`
	Price   money.Money `json:"price"`
	MinDays int64       `json:"min_days" doc:"Working days that it takes at least." example:"2"`
	MaxDays int64       `json:"max_days" doc:"Working days that it takes at most." example:"4"`
}

// shippingInput is the product service's question.
type shippingInput struct {
	Lines    []quoteLine `json:"lines"`
	Currency string      `json:"currency"`
	Country  string      `json:"country,omitempty"`
}

func shippingOptions(a *httpapi.API, d *Desk) {
	type input struct {
		Guest
		Country string `query:"country" pattern:"^[A-Z]{2}$" doc:"Where it would go, ISO 3166-1 alpha-2; the cart's country without it." example:"DE"`
	}
	type output struct{ Body ShippingOptions }
	httpapi.Register(a, httpapi.Operation{
		ID: "list-shipping-options", Method: http.MethodGet, Path: "/v1/cart/shipping-options", Tag: tag,
		Summary:     "List the ways in which the cart can be shipped",
		Description: "By what is in it and where it goes. What cannot be bought is left out.",
		Errors:      []*fault.Error{ErrBadToken},
	}, func(ctx context.Context, in *input) (*output, error) {
		owner, err := d.owner(ctx, in.Guest)
		if err != nil {
			return nil, err
		}
		c, err := d.carts.ReadCart(ctx, cart.ReadCartInput{Owner: owner})
		if err != nil {
			return nil, err
		}
		options, err := d.shipping(ctx, c, in.Country)
		return &output{Body: options}, err
	})
}

func (d *Desk) shipping(ctx context.Context, c cart.Cart, country string) (ShippingOptions, error) {
	ask := shippingInput{Currency: c.Currency, Country: country}
	if country == "" {
		ask.Country = c.Country
	}
	for _, line := range c.Lines {
		ask.Lines = append(ask.Lines, quoteLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	shown := unpriced(c)
	for len(ask.Lines) > 0 {
		var found ShippingOptions
		err := d.caller.Call(ctx, "product", "ListShippingOptions", ask, &found)
		refused := refusedLines(err)
		switch {
		case err == nil && found.Options != nil:
			return found, nil
		case err == nil:
			return ShippingOptions{Options: []ShippingChoice{}}, nil
		case len(refused) == 0:
			return ShippingOptions{}, err
		}
		ask.Lines = shown.leaveOut(ask.Lines, refused)
	}
	return ShippingOptions{Options: []ShippingChoice{}}, nil
}
