package cartapi

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/money"
	"kassa/internal/operations"
)

// Desk asks other services on the customer's behalf.
type Desk struct {
	carts  *cart.Service
	caller *operations.Caller
	tokens Tokens
}

// NewDesk makes it. caller reaches the product service for prices and the
// inventory service for what there is.
func NewDesk(carts *cart.Service, caller *operations.Caller, tokens Tokens) *Desk {
	return &Desk{carts: carts, caller: caller, tokens: tokens}
}

// quoteInput is the product service's question for a price.
type quoteInput struct {
	Lines          []quoteLine    `json:"lines"`
	Currency       string         `json:"currency"`
	Country        string         `json:"country,omitempty"`
	ShippingOption string         `json:"shipping_option,omitempty"`
	Discount       *cart.Discount `json:"discount,omitempty"`
}

type quoteLine struct {
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"`
}

// quote is its answer.
type quote struct {
	Lines []struct {
		VariantID uuid.UUID   `json:"variant_id"`
		ProductID uuid.UUID   `json:"product_id"`
		SKU       string      `json:"sku"`
		Name      string      `json:"name"`
		UnitPrice money.Money `json:"unit_price"`
		Total     money.Money `json:"total"`
	} `json:"lines"`
	Subtotal    money.Money  `json:"subtotal"`
	Discount    money.Money  `json:"discount"`
	Shipping    money.Money  `json:"shipping"`
	Tax         money.Money  `json:"tax"`
	TaxIncluded *money.Money `json:"tax_included"`
	Total       money.Money  `json:"total"`
}

// Faults of the product service that are dealt with here.
var errCouponMinimum = fault.New(fault.Declined, "coupon_minimum", "The order is below the coupon's minimum.")

// show answers a cart with today's prices. Whatever is wrong with it is a
// warning or a change of a line: a cart can always be read.
func (d *Desk) show(ctx context.Context, owner cart.Owner, c cart.Cart) Cart {
	shown := unpriced(c)
	ask := quoteInput{Currency: c.Currency, Country: c.Country, ShippingOption: c.ShippingOption}
	for _, line := range c.Lines {
		ask.Lines = append(ask.Lines, quoteLine{VariantID: line.VariantID, Quantity: line.Quantity})
	}
	if c.Coupon != "" {
		discount, err := d.carts.ReadDiscount(ctx, cart.ReadDiscountInput{Code: c.Coupon, UserID: owner.UserID, Currency: c.Currency})
		if err != nil {
			shown.warn(err)
		} else {
			ask.Discount = &discount
		}
	}
	// Each round leaves out what the one before was refused for.
	for len(ask.Lines) > 0 {
		priced, err := d.quote(ctx, ask)
		refused := refusedLines(err)
		switch {
		case err == nil:
			shown.fill(c, priced)
			shown.short(d.available(ctx, ask.Lines))
			return shown
		case ask.Discount != nil && fault.Of(err).Reason == errCouponMinimum.Reason:
			shown.warn(err)
			ask.Discount = nil
		case len(refused) > 0:
			ask.Lines = shown.leaveOut(ask.Lines, refused)
		default:
			shown.warn(err)
			return shown
		}
	}
	shown.fill(c, nothing(c.Currency))
	return shown
}

func (d *Desk) quote(ctx context.Context, ask quoteInput) (quote, error) {
	var priced quote
	err := d.caller.Call(ctx, "product", "QuoteLines", ask, &priced)
	return priced, err
}

// price answers what one piece of a variant costs, or why so many cannot be bought.
func (d *Desk) price(ctx context.Context, variant uuid.UUID, quantity int64, currency string) (money.Money, error) {
	priced, err := d.quote(ctx, quoteInput{Lines: []quoteLine{{VariantID: variant, Quantity: quantity}}, Currency: currency})
	if err != nil {
		known := *fault.Of(err)
		known.Details = nil // pointers into our question mean nothing to the client
		return money.Money{}, &known
	}
	return priced.Lines[0].UnitPrice, nil
}

// availabilityInput is the inventory service's question.
type availabilityInput struct {
	Variants []uuid.UUID `json:"variants"`
}

// available answers how many there are of the variants; nil when that cannot be
// had, which keeps nobody from looking at a cart.
func (d *Desk) available(ctx context.Context, lines []quoteLine) map[uuid.UUID]int64 {
	var ask availabilityInput
	for _, line := range lines {
		ask.Variants = append(ask.Variants, line.VariantID)
	}
	var found struct {
		Available map[uuid.UUID]int64 `json:"available"`
	}
	if err := d.caller.Call(ctx, "inventory", "ReadAvailability", ask, &found); err != nil {
		return nil
	}
	return found.Available
}

// short says which lines want more than there is.
func (s *Cart) short(available map[uuid.UUID]int64) {
	for i := range s.Lines {
		line := &s.Lines[i]
		if left, known := available[line.VariantID]; known && left < line.Quantity {
			line.Changes = append(line.Changes, LineChange{Code: "insufficient_stock", Available: &left})
		}
	}
}

func nothing(currency string) quote {
	none := money.New(0, currency)
	return quote{Subtotal: none, Discount: none, Shipping: none, Tax: none, Total: none}
}

// warn says why the cart cannot be bought like this.
func (s *Cart) warn(err error) {
	f := fault.Of(err)
	if f.Code.Retryable() {
		s.Warnings = append(s.Warnings, Warning{Code: "prices_unavailable", Message: "Prices cannot be had at the moment. Please try again."})
		return
	}
	s.Warnings = append(s.Warnings, Warning{Code: f.Reason, Message: f.Message})
}

// fill puts prices to the lines, and says which have changed.
func (s *Cart) fill(c cart.Cart, priced quote) {
	s.Subtotal, s.Discount, s.Shipping, s.Tax, s.Total = &priced.Subtotal, &priced.Discount, &priced.Shipping, &priced.Tax, &priced.Total
	s.TaxIncluded = priced.TaxIncluded
	for _, sold := range priced.Lines {
		for i := range s.Lines {
			line := &s.Lines[i]
			if line.VariantID != sold.VariantID {
				continue
			}
			line.ProductID, line.SKU, line.Name, line.UnitPrice, line.Total = &sold.ProductID, sold.SKU, sold.Name, &sold.UnitPrice, &sold.Total
			if seen := c.Lines[i].SeenPrice; seen != nil && *seen != sold.UnitPrice.Amount {
				before := money.New(*seen, c.Currency)
				line.Changes = append(line.Changes, LineChange{Code: "price_changed", Before: &before, Now: &sold.UnitPrice})
			}
		}
	}
}

// leaveOut marks the lines that were refused as unavailable and answers the others.
func (s *Cart) leaveOut(asked []quoteLine, refused map[int]string) []quoteLine {
	var left []quoteLine
	for i, line := range asked {
		reason, no := refused[i]
		if !no {
			left = append(left, line)
			continue
		}
		for k := range s.Lines {
			if s.Lines[k].VariantID == line.VariantID {
				s.Lines[k].Changes = append(s.Lines[k].Changes, LineChange{Code: "unavailable", Reason: reason})
			}
		}
	}
	return left
}

// refusedLines reads out of a refusal which of the asked lines it is about, and why.
func refusedLines(err error) map[int]string {
	if err == nil {
		return nil
	}
	refused := map[int]string{}
	listed, _ := fault.Of(err).Details["errors"].([]any)
	for _, each := range listed {
		wrong, _ := each.(map[string]any)
		pointer, _ := wrong["pointer"].(string)
		reason, _ := wrong["code"].(string)
		var at int
		if n, _ := fmt.Sscanf(pointer, "#/lines/%d/variant_id", &at); n == 1 {
			refused[at] = reason
		}
	}
	return refused
}
