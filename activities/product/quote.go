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
	Country        string      `json:"country,omitempty" pattern:"^[A-Z]{2}$" default:"DE" doc:"Where it goes: ISO 3166-1 alpha-2. It decides what shipping costs, and the tax." example:"DE"`
	ShippingOption string      `json:"shipping_option,omitempty" enum:"standard,express" default:"standard" doc:"How it goes." example:"standard"`
}

// QuoteLinesInput is a QuoteInput with what a coupon takes off.
type QuoteLinesInput struct {
	QuoteInput
	Discount *Discount `json:"discount,omitempty"` // nil means none
}

// Quote is what lines cost now: total = subtotal − discount + shipping + tax.
type Quote struct {
	Lines              []QuotedLine `json:"lines" nullable:"false"`
	Subtotal           money.Money  `json:"subtotal" doc:"Sum of the lines."`
	Discount           money.Money  `json:"discount" doc:"What is taken off; not negative."`
	Shipping           money.Money  `json:"shipping"`
	ShippingOption     string       `json:"shipping_option" doc:"How it goes." example:"standard"`
	Tax                money.Money  `json:"tax" doc:"Tax on top of the prices: 0 where prices include it."`
	TaxIncluded        money.Money  `json:"tax_included" doc:"Tax that the prices contain, and so the total; for information. 0 where it comes on top."`
	TaxRateBasisPoints int64        `json:"tax_rate_basis_points" doc:"Rate of the tax: 1900 is 19 %. 0 for an export." example:"1900"`
	Total              money.Money  `json:"total" doc:"subtotal − discount + shipping + tax."`
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
// them is said at once, each with a pointer to the line. A discount whose minimum
// the lines do not reach is ErrCouponMinimum.
func (s *Service) QuoteLines(ctx context.Context, in QuoteLinesInput) (Quote, error) {
	lines, err := in.check()
	if err != nil {
		return Quote{}, err
	}
	sold, err := s.lookup(ctx, lines)
	if err != nil {
		return Quote{}, err
	}
	quote := Quote{Lines: make([]QuotedLine, len(lines)), Subtotal: money.New(0, in.Currency), ShippingOption: in.ShippingOption}
	var grams int64
	for i, line := range lines {
		unit, no := sold[i].price(in.Currency)
		if no != nil {
			return Quote{}, refused(in.QuoteInput, lines, sold)
		}
		priced := QuotedLine{
			VariantID: line.VariantID, ProductID: sold[i].productID, SKU: sold[i].sku, Name: sold[i].name,
			Quantity: line.Quantity, UnitPrice: unit,
		}
		if priced.Total, err = unit.Times(line.Quantity); err != nil {
			return Quote{}, ErrAmountOutOfRange.Because(err)
		}
		if quote.Subtotal, err = quote.Subtotal.Add(priced.Total); err != nil {
			return Quote{}, ErrAmountOutOfRange.Because(err)
		}
		quote.Lines[i] = priced
		grams += sold[i].grams * line.Quantity
	}
	err = quote.total(consignment{country: destination(in.Country), grams: grams, subtotal: quote.Subtotal}, in.Discount)
	if err != nil {
		return Quote{}, err
	}
	return quote, nil
}

// total completes a quote of which lines, subtotal and shipping option are known.
func (q *Quote) total(c consignment, discount *Discount) (err error) {
	if q.ShippingOption == "" {
		q.ShippingOption = DefaultShipping
	}
	if q.Shipping, err = shipping(q.ShippingOption, c); err != nil {
		return err
	}
	if q.Discount, err = discount.off(q.Subtotal); err != nil {
		return err
	}
	goods, err := q.Subtotal.Sub(q.Discount)
	if err != nil {
		return ErrAmountOutOfRange.Because(err)
	}
	taxed, err := goods.Add(q.Shipping)
	if err != nil {
		return ErrAmountOutOfRange.Because(err)
	}
	levy := taxes[c.country]
	q.TaxRateBasisPoints = levy.rate
	if q.Tax, q.TaxIncluded, err = levy.tax(taxed); err != nil {
		return ErrAmountOutOfRange.Because(err)
	}
	if q.Total, err = taxed.Add(q.Tax); err != nil {
		return ErrAmountOutOfRange.Because(err)
	}
	return nil
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
