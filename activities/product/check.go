package product

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"kassa/internal/money"
)

// maxPrice is the most one unit may cost, in minor units: a quote of 100 lines
// of 10,000 units each stays below 2^63.
const maxPrice = 1_000_000_000_000

const maxWeight = 1_000_000 // grams of one unit

var skuForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// product is the product that the input asks for.
func (in CreateProductInput) product() (Product, error) {
	made := now()
	p := Product{
		ID: in.ProductID, Name: in.Name, Description: in.Description, Status: in.Status,
		Variants: make([]Variant, len(in.Variants)), Version: 1, CreatedAt: made, UpdatedAt: made,
	}
	if p.Status == "" {
		p.Status = Active
	}
	for i, v := range in.Variants {
		p.Variants[i] = Variant{ID: in.variantID(i), SKU: v.SKU, Name: v.Name, WeightGrams: v.WeightGrams, Prices: byCurrency(v.Prices)}
	}
	return p, p.check()
}

// check collects what is wrong with a product that is about to be written.
func (p *Product) check() error {
	var wrong []LineError
	say := func(pointer, message string) {
		wrong = append(wrong, LineError{Pointer: pointer, Code: ErrBadProduct.Reason, Message: message})
	}
	if n := utf8.RuneCountInString(p.Name); n < 1 || n > 200 {
		say("#/name", "A name has 1 to 200 characters.")
	}
	if utf8.RuneCountInString(p.Description) > 10_000 {
		say("#/description", "A description has at most 10,000 characters.")
	}
	if p.Status != Draft && p.Status != Active && p.Status != Archived {
		say("#/status", "The status is draft, active or archived.")
	}
	if len(p.Variants) < 1 || len(p.Variants) > 100 {
		say("#/variants", "A product has 1 to 100 variants.")
	}
	skus := map[string]bool{}
	for i, v := range p.Variants {
		pointer := fmt.Sprintf("#/variants/%d", i)
		if !skuForm.MatchString(v.SKU) || skus[v.SKU] {
			say(pointer+"/sku", "A SKU has 1 to 64 letters, digits, dots, hyphens or underscores and occurs once.")
		}
		skus[v.SKU] = true
		if n := utf8.RuneCountInString(v.Name); n > 200 || (n == 0 && len(p.Variants) > 1) {
			say(pointer+"/name", "Each of several variants has a name of 1 to 200 characters.")
		}
		if v.WeightGrams < 0 || v.WeightGrams > maxWeight {
			say(pointer+"/weight_grams", "A unit weighs from 0 to 1,000,000 grams.")
		}
		if !sound(v.Prices) {
			say(pointer+"/prices", "Give one price per known currency, from 0 to 1,000,000,000,000 minor units.")
		}
	}
	if len(wrong) > 0 {
		return ErrBadProduct.With("errors", wrong)
	}
	return nil
}

// sound reports whether prices, sorted by currency, can be charged.
func sound(prices []money.Money) bool {
	for i, price := range prices {
		_, err := money.Exponent(price.Currency)
		twice := i > 0 && prices[i-1].Currency == price.Currency
		if err != nil || twice || price.Amount < 0 || price.Amount > maxPrice {
			return false
		}
	}
	return true
}

// byCurrency is a sorted copy, never nil.
func byCurrency(prices []money.Money) []money.Money {
	sorted := append([]money.Money{}, prices...)
	slices.SortFunc(sorted, func(a, b money.Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return sorted
}
