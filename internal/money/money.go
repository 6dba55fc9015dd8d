// Package money counts in integer minor units: 1999 EUR is €19.99 and 1999 JPY
// is ¥1,999. Arithmetic is checked: it answers an error instead of wrapping
// around or mixing currencies. There is no float anywhere in it.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Money is an amount in the minor units of an ISO 4217 currency.
type Money struct {
	Amount   int64  `json:"amount" doc:"Amount in minor units of the currency: 1999 is €19.99 and ¥1,999." example:"1999"`
	Currency string `json:"currency" doc:"ISO 4217 code." minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" example:"EUR"`
}

// The ways arithmetic can fail.
var (
	ErrOverflow = errors.New("amount out of range")
	ErrCurrency = errors.New("currencies differ")
	ErrUnknown  = errors.New("unknown currency")
)

// exponents holds the number of decimal places of a currency's minor unit
// (ISO 4217, table A.1) for the currencies a shop may price in.
var exponents = map[string]int{
	"AED": 2, "AUD": 2, "BGN": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2,
	"GBP": 2, "HKD": 2, "HUF": 2, "ILS": 2, "INR": 2, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "RON": 2,
	"SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TRY": 2, "USD": 2, "ZAR": 2,
	"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "VND": 0,
	"BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3,
}

// Exponent is the number of decimal places of the currency's minor unit: 2 for
// EUR, 0 for JPY, 3 for KWD. It fails with ErrUnknown for any other code.
func Exponent(currency string) (int, error) {
	e, ok := exponents[currency]
	if !ok {
		return 0, fmt.Errorf("%w %q", ErrUnknown, currency)
	}
	return e, nil
}

// New makes an amount of a currency.
func New(amount int64, currency string) Money { return Money{Amount: amount, Currency: currency} }

// Zero is nothing, in m's currency.
func (m Money) Zero() Money { return Money{Currency: m.Currency} }

// IsZero reports whether the amount is 0, whatever the currency.
func (m Money) IsZero() bool { return m.Amount == 0 }

// String shows the amount with its decimal places and code: "19.99 EUR".
func (m Money) String() string {
	e, err := Exponent(m.Currency)
	if err != nil || e == 0 {
		return fmt.Sprintf("%d %s", m.Amount, m.Currency)
	}
	unit := int64(math.Pow10(e))
	sign := ""
	whole, part := m.Amount/unit, m.Amount%unit
	if m.Amount < 0 {
		sign, whole, part = "-", -whole, -part
	}
	return fmt.Sprintf("%s%d.%0*d %s", sign, whole, e, part, m.Currency)
}

// Add is m + n. It fails when the currencies differ or the sum overflows.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, fmt.Errorf("%w: %s and %s", ErrCurrency, m.Currency, n.Currency)
	}
	sum := m.Amount + n.Amount
	if (sum > m.Amount) != (n.Amount > 0) {
		return Money{}, ErrOverflow
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}

// Sub is m − n. It fails when the currencies differ or the difference overflows.
func (m Money) Sub(n Money) (Money, error) {
	if n.Amount == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return m.Add(Money{Amount: -n.Amount, Currency: n.Currency})
}

// Times is m × quantity. It fails when the product overflows.
func (m Money) Times(quantity int64) (Money, error) {
	product := m.Amount * quantity
	if m.Amount != 0 && (product/m.Amount != quantity || (m.Amount == -1 && quantity == math.MinInt64)) {
		return Money{}, ErrOverflow
	}
	return Money{Amount: product, Currency: m.Currency}, nil
}

// Sum adds up amounts of one currency; the sum of none is 0 of that currency.
func Sum(currency string, amounts ...Money) (Money, error) {
	total := Money{Currency: currency}
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Money{}, err
		}
	}
	return total, nil
}

// Allocate divides m by weights without losing or making a unit: each share is
// rounded down and what is left goes, one unit each, to the largest remainders
// (earlier ones first when equal). m and the weights must not be negative, and
// at least one weight must be positive.
func (m Money) Allocate(weights ...int64) ([]Money, error) {
	var sum int64
	for _, w := range weights {
		if w < 0 || sum > math.MaxInt64-w {
			return nil, ErrOverflow
		}
		sum += w
	}
	if m.Amount < 0 || sum == 0 {
		return nil, fmt.Errorf("allocate %s by %v: %w", m, weights, ErrOverflow)
	}
	shares := make([]Money, len(weights))
	remainders := make([]uint64, len(weights))
	left := m.Amount
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(m.Amount), uint64(w))
		q, r := bits.Div64(hi, lo, uint64(sum))
		shares[i] = Money{Amount: int64(q), Currency: m.Currency}
		remainders[i] = r
		left -= int64(q)
	}
	for ; left > 0; left-- {
		largest := 0
		for i, r := range remainders {
			if r > remainders[largest] {
				largest = i
			}
		}
		shares[largest].Amount++
		remainders[largest] = 0
	}
	return shares, nil
}

// Portion is m × part ÷ whole, rounded half up: half a minor unit becomes one.
// m, part and whole must not be negative, and whole not 0.
func (m Money) Portion(part, whole int64) (Money, error) {
	if m.Amount < 0 || part < 0 || whole <= 0 {
		return Money{}, fmt.Errorf("%d ÷ %d of %s: %w", part, whole, m, ErrOverflow)
	}
	hi, lo := bits.Mul64(uint64(m.Amount), uint64(part))
	if hi >= uint64(whole) {
		return Money{}, ErrOverflow
	}
	q, r := bits.Div64(hi, lo, uint64(whole))
	if r >= uint64(whole)-r {
		q++
	}
	if q > math.MaxInt64 {
		return Money{}, ErrOverflow
	}
	return Money{Amount: int64(q), Currency: m.Currency}, nil
}
