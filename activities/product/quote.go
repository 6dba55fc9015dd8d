package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/internal/fault"
	"kassa/internal/money"
)

// Limits of one quote.
const (
	MaxLines    = 100
	MaxQuantity = 10_000 // units of one variant
)

// QuoteLine asks for the price of some units of a variant.
type QuoteLine struct {
	VariantID uuid.UUID `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Quantity  int64     `json:"quantity" minimum:"1" maximum:"10000" doc:"Units." example:"2"`
}

// QuoteInput asks what lines cost together. Lines of one variant are summed.
type QuoteInput struct {
	Lines          []QuoteLine `json:"lines" minItems:"1" maxItems:"100" nullable:"false" doc:"What to price. Lines of one variant are summed into the first of them."`
	Currency       string      `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217 code." example:"EUR"`
	Country        string      `json:"country,omitempty" pattern:"^[A-Z]{2}$" default:"DE" doc:"Where it goes: ISO 3166-1 alpha-2. Prices and shipping are the same everywhere at present." example:"DE"`
	ShippingOption string      `json:"shipping_option,omitempty" enum:"standard,express" default:"standard" doc:"How it goes." example:"standard"`
}

// Quote is what lines cost now: total = subtotal − discount + shipping + tax.
type Quote struct {
	Lines    []QuotedLine `json:"lines" nullable:"false"`
	Subtotal money.Money  `json:"subtotal" doc:"Sum of the lines."`
	Discount money.Money  `json:"discount" doc:"What is taken off; not negative."`
	Shipping money.Money  `json:"shipping"`
	Tax      money.Money  `json:"tax" doc:"Tax on top of the prices: 0, because prices include it."`
	Total    money.Money  `json:"total" doc:"subtotal − discount + shipping + tax."`
}

// QuotedLine is a line with its price.
type QuotedLine struct {
	VariantID uuid.UUID   `json:"variant_id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	ProductID uuid.UUID   `json:"product_id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	SKU       string      `json:"sku" doc:"Stock keeping unit." example:"MUG-RED"`
	Name      string      `json:"name" doc:"Product and variant, to be shown." example:"Mug, red"`
	Quantity  int64       `json:"quantity" doc:"Units." example:"2"`
	UnitPrice money.Money `json:"unit_price"`
	Total     money.Money `json:"total" doc:"unit_price × quantity."`
}

// QuoteLines answers what the lines cost now. Everything that is wrong with
// them is said at once, each with a pointer to the line.
func (s *Service) QuoteLines(ctx context.Context, in QuoteInput) (Quote, error) {
	lines, err := in.check()
	if err != nil {
		return Quote{}, err
	}
	sold, err := s.lookup(ctx, lines)
	if err != nil {
		return Quote{}, err
	}
	quoted := make([]QuotedLine, len(lines))
	subtotal := money.New(0, in.Currency)
	for i, line := range lines {
		unit, no := sold[i].price(in.Currency)
		if no != nil {
			return Quote{}, refused(in, lines, sold)
		}
		quoted[i] = QuotedLine{
			VariantID: line.VariantID, ProductID: sold[i].productID, SKU: sold[i].sku, Name: sold[i].name,
			Quantity: line.Quantity, UnitPrice: unit,
		}
		if quoted[i].Total, err = unit.Times(line.Quantity); err != nil {
			return Quote{}, ErrAmountOutOfRange.Because(err)
		}
		if subtotal, err = subtotal.Add(quoted[i].Total); err != nil {
			return Quote{}, ErrAmountOutOfRange.Because(err)
		}
	}
	return total(quoted, subtotal, in.ShippingOption)
}

// total completes a quote.
func total(lines []QuotedLine, subtotal money.Money, option string) (Quote, error) {
	if option == "" {
		option = DefaultShipping
	}
	fee, err := shipping(option, subtotal)
	if err != nil {
		return Quote{}, err
	}
	sum, err := subtotal.Add(fee)
	if err != nil {
		return Quote{}, ErrAmountOutOfRange.Because(err)
	}
	none := subtotal.Zero()
	return Quote{Lines: lines, Subtotal: subtotal, Discount: none, Shipping: fee, Tax: none, Total: sum}, nil
}

// check answers the lines, one per variant, in the order of the request.
func (in QuoteInput) check() ([]QuoteLine, error) {
	if len(in.Lines) == 0 || len(in.Lines) > MaxLines {
		return nil, ErrBadQuote
	}
	if _, err := money.Exponent(in.Currency); err != nil {
		return nil, ErrUnknownCurrency
	}
	if in.Country != "" && !isCountry(in.Country) {
		return nil, ErrBadCountry
	}
	var wrong []LineError
	lines := make([]QuoteLine, 0, len(in.Lines))
	for i, line := range in.Lines {
		if line.Quantity < 1 || line.Quantity > MaxQuantity {
			wrong = append(wrong, at(fmt.Sprintf("#/lines/%d/quantity", i), ErrBadQuantity))
			continue
		}
		if first := find(lines, line.VariantID); first >= 0 {
			if lines[first].Quantity += line.Quantity; lines[first].Quantity > MaxQuantity {
				wrong = append(wrong, at(fmt.Sprintf("#/lines/%d/quantity", i), ErrBadQuantity))
			}
			continue
		}
		lines = append(lines, line)
	}
	if len(wrong) > 0 {
		return nil, ErrBadQuantity.With("errors", wrong)
	}
	return lines, nil
}

// refused explains why lines cannot be sold. The first kind of reason names the
// fault; the pointers tell all of them.
func refused(in QuoteInput, lines []QuoteLine, sold []sellable) error {
	var first *fault.Error
	var wrong []LineError
	for i, line := range lines {
		_, no := sold[i].price(in.Currency)
		if no == nil {
			continue
		}
		if first == nil {
			first = no
		}
		wrong = append(wrong, at(fmt.Sprintf("#/lines/%d/variant_id", find(in.Lines, line.VariantID)), no))
	}
	return first.With("errors", wrong)
}

// find is linear: a hundred lines at most, and usually one.
func find(lines []QuoteLine, variant uuid.UUID) int {
	for i, line := range lines {
		if line.VariantID == variant {
			return i
		}
	}
	return -1
}

func isCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}
