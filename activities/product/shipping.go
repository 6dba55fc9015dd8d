package product

import (
	"context"

	"kassa/internal/money"
)

// DefaultShipping is the option of a quote that names none.
const DefaultShipping = Standard

// The ways a parcel can go.
const (
	Standard = "standard"
	Express  = "express"
)

// A parcel weighs at most 30 kg; what is heavier goes in several.
const maxParcel = 30_000 // grams

// bands are the weights up to which the columns of the table apply, in grams.
var bands = [...]int64{2_000, 5_000, 10_000, maxParcel}

// zone groups the countries that cost the same to reach.
type zone int

const (
	domestic zone = iota // DE, where the shop ships from
	union                // the other countries of the European Union
	europe               // CH, GB, IS, LI, NO
	world                // everywhere else
)

func zoneOf(country string) zone {
	switch country {
	case "DE":
		return domestic
	case "CH", "GB", "IS", "LI", "NO":
		return europe
	}
	if t, ok := taxes[country]; ok && t.union {
		return union
	}
	return world
}

// tariff is what an option costs to a zone in one currency, in minor units.
type tariff struct {
	fees     [len(bands)]int64 // of one parcel, by weight
	freeFrom int64             // subtotal from which a single parcel costs nothing; 0 means it never does
}

// way is an option of shipping.
type way struct {
	option  string
	name    string
	days    map[zone][2]int64 // working days it takes, at least and at most; a zone left out is not served
	tariffs map[string]map[zone]tariff
}

// ways are the options, cheapest first.
var ways = []way{
	{
		option: Standard, name: "Standard",
		days: map[zone][2]int64{domestic: {2, 3}, union: {3, 6}, europe: {4, 8}, world: {7, 21}},
		tariffs: map[string]map[zone]tariff{
			"EUR": {
				domestic: {fees: [...]int64{499, 599, 899, 1699}, freeFrom: 5000},
				union:    {fees: [...]int64{999, 1299, 1899, 3299}, freeFrom: 10000},
				europe:   {fees: [...]int64{1499, 1999, 2999, 4999}},
				world:    {fees: [...]int64{1999, 3499, 5999, 12999}},
			},
			"USD": {
				domestic: {fees: [...]int64{599, 699, 999, 1899}, freeFrom: 6000},
				union:    {fees: [...]int64{1099, 1399, 2099, 3599}, freeFrom: 12000},
				europe:   {fees: [...]int64{1599, 2199, 3299, 5499}},
				world:    {fees: [...]int64{2199, 3799, 6499, 13999}},
			},
			"GBP": {
				domestic: {fees: [...]int64{449, 549, 799, 1499}, freeFrom: 4500},
				union:    {fees: [...]int64{899, 1149, 1649, 2899}, freeFrom: 9000},
				europe:   {fees: [...]int64{1299, 1749, 2599, 4299}},
				world:    {fees: [...]int64{1749, 2999, 5199, 10999}},
			},
			"CHF": {
				domestic: {fees: [...]int64{700, 800, 1100, 1900}, freeFrom: 6000},
				union:    {fees: [...]int64{1100, 1400, 2000, 3500}, freeFrom: 12000},
				europe:   {fees: [...]int64{1500, 2000, 3000, 5000}},
				world:    {fees: [...]int64{2000, 3500, 6000, 13000}},
			},
			"JPY": {
				domestic: {fees: [...]int64{800, 1000, 1500, 2800}, freeFrom: 8000},
				union:    {fees: [...]int64{1600, 2100, 3100, 5400}, freeFrom: 16000},
				europe:   {fees: [...]int64{2400, 3300, 4900, 8200}},
				world:    {fees: [...]int64{3300, 5700, 9800, 21000}},
			},
		},
	},
	{
		option: Express, name: "Express",
		days: map[zone][2]int64{domestic: {1, 1}, union: {1, 2}, europe: {2, 3}, world: {3, 5}},
		tariffs: map[string]map[zone]tariff{
			"EUR": {
				domestic: {fees: [...]int64{1299, 1499, 1899, 2999}},
				union:    {fees: [...]int64{2499, 3299, 4599, 7999}},
				europe:   {fees: [...]int64{3499, 4499, 6499, 10999}},
				world:    {fees: [...]int64{4999, 7999, 12999, 27999}},
			},
			"USD": {
				domestic: {fees: [...]int64{1499, 1699, 2099, 3299}},
				union:    {fees: [...]int64{2699, 3599, 4999, 8799}},
				europe:   {fees: [...]int64{3799, 4899, 6999, 11999}},
				world:    {fees: [...]int64{5499, 8799, 13999, 29999}},
			},
			"GBP": {
				domestic: {fees: [...]int64{1099, 1299, 1649, 2599}},
				union:    {fees: [...]int64{2149, 2849, 3999, 6899}},
				europe:   {fees: [...]int64{2999, 3899, 5599, 9499}},
				world:    {fees: [...]int64{4299, 6899, 11199, 23999}},
			},
			"CHF": {
				domestic: {fees: [...]int64{1500, 1700, 2100, 3200}},
				union:    {fees: [...]int64{2700, 3500, 4900, 8500}},
				europe:   {fees: [...]int64{3500, 4500, 6500, 11000}},
				world:    {fees: [...]int64{5000, 8000, 13000, 28000}},
			},
			"JPY": {
				domestic: {fees: [...]int64{1800, 2100, 2700, 4500}},
				union:    {fees: [...]int64{4100, 5400, 7500, 13100}},
				europe:   {fees: [...]int64{5700, 7400, 10700, 18000}},
				world:    {fees: [...]int64{8200, 13100, 21300, 45900}},
			},
		},
	},
}

// consignment is what shipping is charged for.
type consignment struct {
	country  string
	grams    int64
	subtotal money.Money // before any discount: a coupon never makes shipping dearer
}

// fee is what the way costs. ok is false when it does not go there, or not for
// this currency.
func (w way) fee(c consignment) (fee money.Money, ok bool, err error) {
	to := zoneOf(c.country)
	t, sold := w.tariffs[c.subtotal.Currency][to]
	if _, served := w.days[to]; !sold || !served {
		return money.Money{}, false, nil
	}
	if t.freeFrom > 0 && c.grams <= maxParcel && c.subtotal.Amount >= t.freeFrom {
		return c.subtotal.Zero(), true, nil
	}
	full, rest := c.grams/maxParcel, c.grams%maxParcel
	fee, err = money.New(t.fees[len(bands)-1], c.subtotal.Currency).Times(full)
	if err != nil {
		return money.Money{}, false, ErrAmountOutOfRange.Because(err)
	}
	if rest > 0 || full == 0 {
		fee.Amount += t.fees[band(rest)]
	}
	return fee, true, nil
}

// band is the column for a parcel of so many grams, at most maxParcel.
func band(grams int64) int {
	for i, upTo := range bands {
		if grams <= upTo {
			return i
		}
	}
	return len(bands) - 1
}

// shipping is what the option costs on top of a subtotal.
func shipping(option string, c consignment) (money.Money, error) {
	for _, w := range ways {
		if w.option != option {
			continue
		}
		fee, ok, err := w.fee(c)
		if err != nil {
			return money.Money{}, err
		}
		if ok {
			return fee, nil
		}
	}
	return money.Money{}, ErrUnknownShipping
}

// ListShippingOptionsInput asks how lines can be sent. Lines of variants that do
// not exist or are not sold count for nothing.
type ListShippingOptionsInput struct {
	Lines    []QuoteLine `json:"lines"`
	Currency string      `json:"currency"`
	Country  string      `json:"country"` // ISO 3166-1 alpha-2; "" means DE
}

// ShippingOptions are the ways lines can be sent, cheapest first; none when
// nothing goes there in that currency.
type ShippingOptions struct {
	Options []ShippingOption `json:"options"`
}

// ShippingOption is one way to send lines.
type ShippingOption struct {
	Option  string      `json:"option" doc:"What to send as shipping_option." example:"standard"`
	Name    string      `json:"name" doc:"To be shown." example:"Standard"`
	Price   money.Money `json:"price"`
	MinDays int64       `json:"min_days" doc:"Working days it takes at least." example:"2"`
	MaxDays int64       `json:"max_days" doc:"Working days it takes at most." example:"3"`
}

// ListShippingOptions answers what each way of sending the lines would cost.
func (s *Service) ListShippingOptions(ctx context.Context, in ListShippingOptionsInput) (ShippingOptions, error) {
	lines, err := QuoteInput{Lines: in.Lines, Currency: in.Currency, Country: in.Country}.check()
	if err != nil {
		return ShippingOptions{}, err
	}
	sold, err := s.lookup(ctx, lines)
	if err != nil {
		return ShippingOptions{}, err
	}
	c := consignment{country: destination(in.Country), subtotal: money.New(0, in.Currency)}
	for i, line := range lines {
		unit, no := sold[i].price(in.Currency)
		if no != nil {
			continue
		}
		total, err := unit.Times(line.Quantity)
		if err == nil {
			c.subtotal, err = c.subtotal.Add(total)
		}
		if err != nil {
			return ShippingOptions{}, ErrAmountOutOfRange.Because(err)
		}
		c.grams += sold[i].grams * line.Quantity
	}
	options := ShippingOptions{Options: []ShippingOption{}}
	for _, w := range ways {
		fee, ok, err := w.fee(c)
		if err != nil {
			return ShippingOptions{}, err
		}
		if ok {
			days := w.days[zoneOf(c.country)]
			options.Options = append(options.Options, ShippingOption{Option: w.option, Name: w.name, Price: fee, MinDays: days[0], MaxDays: days[1]})
		}
	}
	return options, nil
}

// destination is where a quote without a country goes.
func destination(country string) string {
	if country == "" {
		return "DE"
	}
	return country
}
