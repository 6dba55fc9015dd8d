package product_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/internal/id"
	"kassa/internal/money"
)

// weighs makes a product of so many grams, priced in euros, dollars, pounds and yen.
func (s shop) weighs(grams, amount int64) product.Product {
	s.t.Helper()
	made := id.New()
	p, err := s.CreateProduct(s.t.Context(), product.CreateProductInput{ProductID: made, NewProduct: product.NewProduct{
		Name: "Thing", Variants: []product.NewVariant{{SKU: made.String(), WeightGrams: grams, Prices: []money.Money{
			eur(amount), money.New(amount, "USD"), money.New(amount, "GBP"), money.New(amount, "JPY"), money.New(amount, "PLN"),
		}}},
	}})
	require.NoError(s.t, err)
	return p
}

func TestShippingDependsOnWhereAndHowHeavy(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		grams, quantity   int64
		currency, country string
		option            string
		fee               int64
	}{
		{2000, 1, "EUR", "DE", "", 499},
		{2001, 1, "EUR", "DE", "", 599},
		{2000, 5, "EUR", "DE", "", 899},
		{30_000, 1, "EUR", "DE", "", 1699},
		{30_001, 1, "EUR", "DE", "", 1699 + 499},
		{30_000, 3, "EUR", "DE", "", 3 * 1699},
		{0, 1, "EUR", "DE", "express", 1299},
		{0, 1, "EUR", "FR", "", 999},
		{0, 1, "GBP", "GB", "", 1299},
		{6000, 1, "EUR", "CH", "express", 6499},
		{0, 1, "USD", "US", "", 2199},
		{0, 1, "JPY", "JP", "express", 8200},
		{100, 40, "EUR", "DE", "", 0},         // 52 euros, free
		{1000, 40, "EUR", "DE", "", 2598},     // more than one parcel is never free
		{100, 40, "EUR", "FR", "", 1299},      // free from 100 euros only
		{100, 80, "EUR", "FR", "", 0},         //
		{100, 80, "EUR", "BR", "", 5999},      //
		{100, 80, "EUR", "", "express", 1899}, // Germany, never free
	} {
		thing := s.weighs(c.grams, 130)
		ask := in(c.currency, c.country, line(thing.ID, c.quantity))
		ask.ShippingOption = c.option
		quote, err := s.QuoteLines(t.Context(), ask)
		require.NoError(t, err)
		require.Equal(t, money.New(c.fee, c.currency), quote.Shipping, "%+v", c)
	}
	_, err := s.QuoteLines(t.Context(), in("PLN", "PL", line(s.weighs(1, 1).ID, 1)))
	require.ErrorIs(t, err, product.ErrUnknownShipping)
}

func TestTaxIsContainedOrComesOnTop(t *testing.T) {
	s := open(t)
	thing := s.weighs(100, 1000)
	for _, c := range []struct {
		currency, country                    string
		shipping, tax, included, rate, total int64
	}{
		{"EUR", "DE", 499, 0, 239, 1900, 1499},  // 1499 × 19/119 = 239.33
		{"EUR", "FI", 999, 0, 406, 2550, 1999},  // 1999 × 25.5/125.5 = 406.17
		{"GBP", "GB", 1299, 0, 383, 2000, 2299}, // 2299 × 20/120 = 383.17
		{"JPY", "JP", 3300, 0, 391, 1000, 4300}, // 4300 × 10/110 = 390.9
		{"USD", "US", 2199, 224, 0, 700, 3423},  // 3199 × 7 % = 223.93
		{"USD", "CA", 2199, 160, 0, 500, 3359},  // 3199 × 5 % = 159.95
		{"EUR", "BR", 1999, 0, 0, 0, 2999},      // an export
	} {
		quote, err := s.QuoteLines(t.Context(), in(c.currency, c.country, line(thing.ID, 1)))
		require.NoError(t, err)
		quote.Lines = nil
		require.Equal(t, product.Quote{
			Subtotal: money.New(1000, c.currency), Discount: money.New(0, c.currency), Shipping: money.New(c.shipping, c.currency),
			ShippingOption: "standard", Tax: money.New(c.tax, c.currency), TaxIncluded: money.New(c.included, c.currency),
			TaxRateBasisPoints: c.rate, Total: money.New(c.total, c.currency),
		}, quote, c.country)
	}
}

func TestDiscounts(t *testing.T) {
	s := open(t)
	thing := s.weighs(100, 1005)
	euros := func(amount int64) *money.Money { m := eur(amount); return &m }
	quote := func(d product.Discount) (product.Quote, error) {
		ask := ask(line(thing.ID, 5)) // 50.25 euros: free shipping begins at 50
		ask.Discount = &d
		return s.QuoteLines(t.Context(), ask)
	}
	for name, c := range map[string]struct {
		discount product.Discount
		off      int64
	}{
		"10 %":                         {product.Discount{Kind: product.Percent, BasisPoints: 1000}, 503}, // 502.5, half up
		"everything":                   {product.Discount{Kind: product.Percent, BasisPoints: 10_000}, 5025},
		"5 euros":                      {product.Discount{Kind: product.Fixed, Amount: euros(500)}, 500},
		"more than there is":           {product.Discount{Kind: product.Fixed, Amount: euros(9999)}, 5025},
		"a minimum that is just there": {product.Discount{Kind: product.Fixed, Amount: euros(1), Minimum: euros(5025)}, 1},
	} {
		t.Run("takes off "+name, func(t *testing.T) {
			quote, err := quote(c.discount)
			require.NoError(t, err)
			require.Equal(t, eur(c.off), quote.Discount)
			require.Equal(t, eur(0), quote.Shipping, "a coupon never makes shipping dearer")
			require.Equal(t, eur(5025-c.off), quote.Total)
		})
	}
	for name, c := range map[string]struct {
		discount product.Discount
		want     error
	}{
		"a minimum that is not reached": {product.Discount{Kind: product.Percent, BasisPoints: 1, Minimum: euros(5026)}, product.ErrCouponMinimum},
		"an amount in dollars":          {product.Discount{Kind: product.Fixed, Amount: &money.Money{Amount: 1, Currency: "USD"}}, product.ErrCouponCurrency},
		"a minimum in dollars":          {product.Discount{Kind: product.Percent, BasisPoints: 1, Minimum: &money.Money{Amount: 1, Currency: "USD"}}, product.ErrCouponCurrency},
		"no kind":                       {product.Discount{BasisPoints: 1}, product.ErrBadDiscount},
		"no percentage":                 {product.Discount{Kind: product.Percent}, product.ErrBadDiscount},
		"101 %":                         {product.Discount{Kind: product.Percent, BasisPoints: 10_100}, product.ErrBadDiscount},
		"no amount":                     {product.Discount{Kind: product.Fixed}, product.ErrBadDiscount},
		"a negative amount":             {product.Discount{Kind: product.Fixed, Amount: euros(-1)}, product.ErrBadDiscount},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := quote(c.discount)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestListShippingOptions(t *testing.T) {
	s := open(t)
	thing, heavy := s.weighs(100, 5000), s.weighs(3000, 1)

	options, err := s.ListShippingOptions(t.Context(), product.ListShippingOptionsInput{
		Lines: []product.QuoteLine{line(thing.ID, 1), line(id.New(), 1)}, Currency: "EUR", Country: "DE",
	})
	require.NoError(t, err)
	require.Equal(t, product.ShippingOptions{Options: []product.ShippingOption{
		{Option: "standard", Name: "Standard", Price: eur(0), MinDays: 2, MaxDays: 3},
		{Option: "express", Name: "Express", Price: eur(1299), MinDays: 1, MaxDays: 1},
	}}, options)

	options, err = s.ListShippingOptions(t.Context(), product.ListShippingOptionsInput{
		Lines: []product.QuoteLine{line(heavy.ID, 1)}, Currency: "EUR", Country: "US",
	})
	require.NoError(t, err)
	for _, option := range options.Options {
		ask := in("EUR", "US", line(heavy.ID, 1))
		ask.ShippingOption = option.Option
		quote, err := s.QuoteLines(t.Context(), ask)
		require.NoError(t, err)
		require.Equal(t, quote.Shipping, option.Price, "an option costs what it is quoted for")
	}

	options, err = s.ListShippingOptions(t.Context(), product.ListShippingOptionsInput{Lines: []product.QuoteLine{line(thing.ID, 1)}, Currency: "PLN"})
	require.NoError(t, err)
	require.Empty(t, options.Options)
}
