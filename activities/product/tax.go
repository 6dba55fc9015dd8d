package product

import "kassa/internal/money"

// levy is how a country taxes what is sold to it.
type levy struct {
	rate      int64 // basis points: 1900 is 19 %
	exclusive bool  // prices are shown without it, and it comes on top
	union     bool  // member of the European Union
}

// taxes holds the standard rate of each country that the shop collects for.
// Sales to any other are exports, free of tax. The United States have no rate of
// their own: 7 % stands for what states and cities take together.
var taxes = map[string]levy{
	"AT": {rate: 2000, union: true},
	"BE": {rate: 2100, union: true},
	"BG": {rate: 2000, union: true},
	"CY": {rate: 1900, union: true},
	"CZ": {rate: 2100, union: true},
	"DE": {rate: 1900, union: true},
	"DK": {rate: 2500, union: true},
	"EE": {rate: 2400, union: true},
	"ES": {rate: 2100, union: true},
	"FI": {rate: 2550, union: true},
	"FR": {rate: 2000, union: true},
	"GR": {rate: 2400, union: true},
	"HR": {rate: 2500, union: true},
	"HU": {rate: 2700, union: true},
	"IE": {rate: 2300, union: true},
	"IT": {rate: 2200, union: true},
	"LT": {rate: 2100, union: true},
	"LU": {rate: 1700, union: true},
	"LV": {rate: 2100, union: true},
	"MT": {rate: 1800, union: true},
	"NL": {rate: 2100, union: true},
	"PL": {rate: 2300, union: true},
	"PT": {rate: 2300, union: true},
	"RO": {rate: 2100, union: true},
	"SE": {rate: 2500, union: true},
	"SI": {rate: 2200, union: true},
	"SK": {rate: 2300, union: true},

	"CH": {rate: 810},
	"GB": {rate: 2000},
	"JP": {rate: 1000},
	"LI": {rate: 810},
	"NO": {rate: 2500},

	"CA": {rate: 500, exclusive: true},
	"US": {rate: 700, exclusive: true},
}

const whole = 10_000 // basis points

// tax is what the country takes of an amount: on top of it, or as the part of
// it that it contains. It is rounded once, half up, for the whole of the amount
// and never per line, so that the lines of an invoice add up to it.
func (l levy) tax(amount money.Money) (onTop, included money.Money, err error) {
	onTop, included = amount.Zero(), amount.Zero()
	if l.exclusive {
		onTop, err = amount.Portion(l.rate, whole)
	} else {
		included, err = amount.Portion(l.rate, whole+l.rate)
	}
	return onTop, included, err
}
