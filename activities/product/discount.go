package product

import "kassa/internal/money"

// Kinds of discount.
const (
	Percent = "percent"
	Fixed   = "fixed"
)

// Discount is what a coupon takes off. Whether the coupon may be used is the
// cart service's to say.
type Discount struct {
	Kind        string       `json:"kind"`                   // percent or fixed
	BasisPoints int64        `json:"basis_points,omitempty"` // percent: 1000 is 10 %; from 1 to 10,000
	Amount      *money.Money `json:"amount,omitempty"`       // fixed: taken off, but never more than the subtotal
	Minimum     *money.Money `json:"minimum,omitempty"`      // subtotal from which it holds; nil means any
}

// off is what d takes off a subtotal. A nil d takes nothing. A percentage is
// rounded half up, once, for the whole subtotal.
func (d *Discount) off(subtotal money.Money) (money.Money, error) {
	if d == nil {
		return subtotal.Zero(), nil
	}
	for _, limit := range []*money.Money{d.Amount, d.Minimum} {
		if limit != nil && limit.Currency != subtotal.Currency {
			return money.Money{}, ErrCouponCurrency
		}
	}
	if d.Minimum != nil && subtotal.Amount < d.Minimum.Amount {
		return money.Money{}, ErrCouponMinimum.With("minimum", *d.Minimum)
	}
	switch {
	case d.Kind == Percent && d.BasisPoints >= 1 && d.BasisPoints <= whole:
		off, err := subtotal.Portion(d.BasisPoints, whole)
		if err != nil {
			return money.Money{}, ErrAmountOutOfRange.Because(err)
		}
		return off, nil
	case d.Kind == Fixed && d.Amount != nil && d.Amount.Amount >= 0:
		return money.New(min(d.Amount.Amount, subtotal.Amount), subtotal.Currency), nil
	default:
		return money.Money{}, ErrBadDiscount
	}
}
