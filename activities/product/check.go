package product

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// maxPrice is the most one unit may cost, in minor units: a quote of 100 lines
// of 10,000 units each stays below 2^63.
const maxPrice = 1_000_000_000_000

const (
	maxWeight  = 1_000_000 // grams of one unit
	maxImages  = 20
	maxOptions = 5
)

var skuForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// product is the product that the input asks for.
func (in CreateProductInput) product() (Product, error) {
	made := now()
	p := in.NewProduct.product()
	p.ID, p.Version, p.CreatedAt, p.UpdatedAt = in.ProductID, 1, made, made
	for i := range p.Variants {
		p.Variants[i].ID = in.variantID(i)
	}
	return p, p.check()
}

// product is the product that n describes, without ids, version and times.
func (n NewProduct) product() Product {
	p := Product{
		Name: n.Name, Description: n.Description, Status: cmp.Or(n.Status, Active), CategoryID: n.CategoryID,
		Images: append([]Image{}, n.Images...), Variants: make([]Variant, len(n.Variants)),
	}
	for i, v := range n.Variants {
		p.Variants[i] = v.variant(uuid.Nil)
	}
	return p
}

// variant is the variant that n describes. Without a name it is called after its options.
func (n NewVariant) variant(variantID uuid.UUID) Variant {
	v := Variant{
		ID: variantID, SKU: n.SKU, Name: n.Name, Options: append([]Option{}, n.Options...),
		WeightGrams: n.WeightGrams, Prices: byCurrency(n.Prices),
	}
	if v.Name == "" {
		var values []string
		for _, option := range n.Options {
			values = append(values, option.Value)
		}
		v.Name = strings.Join(values, ", ")
	}
	return v
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
	if len(p.Images) > maxImages {
		say("#/images", "A product has at most 20 images.")
	}
	for i, image := range p.Images {
		if !image.sound() {
			say(fmt.Sprintf("#/images/%d", i), "An image has an http or https address of at most 2,000 characters, and a text of at most 300.")
		}
	}
	if len(p.Variants) < 1 || len(p.Variants) > 100 {
		say("#/variants", "A product has 1 to 100 variants.")
	}
	p.checkVariants(say)
	if len(wrong) > 0 {
		return ErrBadProduct.With("errors", wrong)
	}
	return nil
}

// checkVariants says what is wrong with each variant, and with it among its siblings.
func (p *Product) checkVariants(say func(pointer, message string)) {
	skus, choices := map[string]bool{}, map[string]bool{}
	for i, v := range p.Variants {
		pointer := fmt.Sprintf("#/variants/%d", i)
		if !skuForm.MatchString(v.SKU) || skus[v.SKU] {
			say(pointer+"/sku", "A SKU has 1 to 64 letters, digits, dots, hyphens or underscores and occurs once.")
		}
		skus[v.SKU] = true
		if n := utf8.RuneCountInString(v.Name); n > 200 || (n == 0 && len(p.Variants) > 1) {
			say(pointer+"/name", "Each of several variants has a name of 1 to 200 characters.")
		}
		choice, ok := v.choice(p.Variants[0])
		if !ok || (len(v.Options) > 0 && choices[choice]) {
			say(pointer+"/options", "All variants have the same up to 5 options in the same order, each variant with values of its own.")
		}
		choices[choice] = true
		if v.WeightGrams < 0 || v.WeightGrams > maxWeight {
			say(pointer+"/weight_grams", "A unit weighs from 0 to 1,000,000 grams.")
		}
		if !sound(v.Prices) {
			say(pointer+"/prices", "Give one price per known currency, from 0 to 1,000,000,000,000 minor units.")
		}
	}
}

// choice is the values of v's options. ok is false when they are not those that
// a sibling of first must have.
func (v Variant) choice(first Variant) (choice string, ok bool) {
	if len(v.Options) != len(first.Options) || len(v.Options) > maxOptions {
		return "", false
	}
	names := map[string]bool{}
	for i, option := range v.Options {
		n, value := utf8.RuneCountInString(option.Name), utf8.RuneCountInString(option.Value)
		if n < 1 || n > 50 || value < 1 || value > 100 || names[option.Name] || option.Name != first.Options[i].Name {
			return "", false
		}
		names[option.Name] = true
		choice += option.Value + "\n"
	}
	return choice, true
}

// sound reports whether a browser could fetch the image.
func (i Image) sound() bool {
	address, err := url.Parse(i.URL)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Host != "" && address.User == nil &&
		len(i.URL) <= 2000 && utf8.RuneCountInString(i.Alt) <= 300
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
