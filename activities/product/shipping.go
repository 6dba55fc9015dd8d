package product

import "kassa/internal/money"

// DefaultShipping is the option of a quote that names none.
const DefaultShipping = "standard"

// tariff is what an option costs in one currency, in minor units.
type tariff struct {
	fee      int64
	freeFrom int64 // subtotal from which it costs nothing; 0 means it never does
}

// tariffs holds the options by name and currency. They are the same for every
// country that the shop delivers to.
var tariffs = map[string]map[string]tariff{
	"standard": {
		"EUR": {fee: 499, freeFrom: 5000},
		"USD": {fee: 599, freeFrom: 6000},
		"GBP": {fee: 449, freeFrom: 4500},
		"CHF": {fee: 700, freeFrom: 6000},
		"JPY": {fee: 800, freeFrom: 8000},
	},
	"express": {
		"EUR": {fee: 1299},
		"USD": {fee: 1499},
		"GBP": {fee: 1099},
		"CHF": {fee: 1500},
		"JPY": {fee: 1800},
	},
}

// shipping is what the option costs on top of a subtotal.
func shipping(option string, subtotal money.Money) (money.Money, error) {
	t, ok := tariffs[option][subtotal.Currency]
	if !ok {
		return money.Money{}, ErrUnknownShipping
	}
	if t.freeFrom > 0 && subtotal.Amount >= t.freeFrom {
		return subtotal.Zero(), nil
	}
	return money.New(t.fee, subtotal.Currency), nil
}
