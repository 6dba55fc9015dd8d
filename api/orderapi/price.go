package orderapi

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"kassa/activities/order"
	"kassa/internal/money"
)

// wish is what a customer wants, wherever they said it.
type wish struct {
	CartID         *uuid.UUID     `json:"cart_id"` // nil when the request names the lines itself
	Version        int64          `json:"version"` // of the cart
	Currency       string         `json:"currency"`
	ShippingOption string         `json:"shipping_option"`
	Coupon         string         `json:"coupon"` // "" without one
	Lines          []CheckoutLine `json:"lines"`
}

// discount is what a coupon takes off, in the words of the cart and of the
// product service.
type discount struct {
	Kind        string       `json:"kind"`
	BasisPoints int64        `json:"basis_points,omitempty"`
	Amount      *money.Money `json:"amount,omitempty"`
	Minimum     *money.Money `json:"minimum,omitempty"`
}

// quoteInput is the product service's question for a price.
type quoteInput struct {
	Lines          []CheckoutLine `json:"lines"`
	Currency       string         `json:"currency"`
	Country        string         `json:"country"`
	ShippingOption string         `json:"shipping_option"`
	Discount       *discount      `json:"discount,omitempty"`
}

// wish puts together what the request says with what the cart says; the request
// has the last word.
func (d *Desk) wish(ctx context.Context, userID uuid.UUID, in CheckoutRequest) (wish, error) {
	want := wish{Lines: in.Lines}
	if len(in.Lines) == 0 {
		ask := struct {
			UserID uuid.UUID `json:"user_id"`
		}{userID}
		if err := d.caller.Call(ctx, "cart", "ReadCheckoutCart", ask, &want); err != nil {
			return want, err
		}
	}
	if in.ExpectedTotal != nil {
		want.Currency = in.ExpectedTotal.Currency
	}
	want.Currency = cmp.Or(want.Currency, "EUR")
	want.ShippingOption = cmp.Or(in.ShippingOption, want.ShippingOption, "standard")
	want.Coupon = cmp.Or(in.Coupon, want.Coupon)
	return want, nil
}

// quote asks for the price of a wish, and compares it with what the customer was
// shown. A coupon that cannot be used now is refused here; the saga takes its use.
func (d *Desk) quote(ctx context.Context, userID uuid.UUID, want wish, in CheckoutRequest) (priced order.Priced, err error) {
	ask := quoteInput{Lines: want.Lines, Currency: want.Currency, Country: in.ShippingAddress.Country, ShippingOption: want.ShippingOption}
	if want.Coupon != "" {
		coupon := struct {
			Code     string    `json:"code"`
			UserID   uuid.UUID `json:"user_id"`
			Currency string    `json:"currency"`
		}{want.Coupon, userID, want.Currency}
		ask.Discount = &discount{}
		if err := d.caller.Call(ctx, "cart", "ReadDiscount", coupon, ask.Discount); err != nil {
			return priced, err
		}
	}
	if err := d.caller.Call(ctx, "product", "QuoteLines", ask, &priced); err != nil {
		return priced, err
	}
	if in.ExpectedTotal != nil && *in.ExpectedTotal != priced.Total {
		return priced, order.ErrPriceChanged.With("total", priced.Total)
	}
	return priced, nil
}
