package product_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/activities/product"
	"kassa/internal/id"
	"kassa/internal/money"
)

func ask(lines ...product.QuoteLine) product.QuoteLinesInput {
	return product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: lines, Currency: "EUR", Country: "DE", ShippingOption: "standard"}}
}

// in asks for lines in a currency, from a country.
func in(currency, country string, lines ...product.QuoteLine) product.QuoteLinesInput {
	return product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: lines, Currency: currency, Country: country}}
}

func line(variant uuid.UUID, quantity int64) product.QuoteLine {
	return product.QuoteLine{VariantID: variant, Quantity: quantity}
}

func TestQuoteLines(t *testing.T) {
	s := open(t)

	t.Run("prices the lines, adds shipping, and adds no tax", func(t *testing.T) {
		mug, cup := s.sells("Mug", eur(1899)), s.sells("Cup", eur(100))

		quote, err := s.QuoteLines(t.Context(), ask(line(mug.ID, 2), line(cup.ID, 1)))

		require.NoError(t, err)
		require.Equal(t, product.Quote{
			Lines: []product.QuotedLine{
				{VariantID: mug.ID, ProductID: mug.ID, SKU: mug.Variants[0].SKU, Name: "Mug", Quantity: 2, UnitPrice: eur(1899), Total: eur(3798)},
				{VariantID: cup.ID, ProductID: cup.ID, SKU: cup.Variants[0].SKU, Name: "Cup", Quantity: 1, UnitPrice: eur(100), Total: eur(100)},
			},
			Subtotal: eur(3898), Discount: eur(0), Shipping: eur(499), ShippingOption: "standard", Tax: eur(0), Total: eur(4397),
			TaxIncluded: eur(702), TaxRateBasisPoints: 1900,
		}, quote)
	})

	t.Run("shipping is free from 50 euros, and never by express", func(t *testing.T) {
		mug := s.sells("Mug", eur(4999))
		for in, fee := range map[*product.QuoteInput]int64{
			{Lines: []product.QuoteLine{line(mug.ID, 1)}, Currency: "EUR"}:                            499,
			{Lines: []product.QuoteLine{line(mug.ID, 2)}, Currency: "EUR"}:                            0,
			{Lines: []product.QuoteLine{line(mug.ID, 2)}, Currency: "EUR", ShippingOption: "express"}: 1299,
		} {
			quote, err := s.QuoteLines(t.Context(), product.QuoteLinesInput{QuoteInput: *in})
			require.NoError(t, err)
			require.Equal(t, eur(fee), quote.Shipping)
		}
	})

	t.Run("sums lines of one variant into the first of them", func(t *testing.T) {
		mug, cup := s.sells("Mug", eur(10)), s.sells("Cup", eur(1))
		quote, err := s.QuoteLines(t.Context(), ask(line(mug.ID, 2), line(cup.ID, 1), line(mug.ID, 3)))
		require.NoError(t, err)
		require.Len(t, quote.Lines, 2)
		require.Equal(t, int64(5), quote.Lines[0].Quantity)
		require.Equal(t, eur(51), quote.Subtotal)

		_, err = s.QuoteLines(t.Context(), ask(line(mug.ID, product.MaxQuantity), line(mug.ID, 1)))
		require.ErrorIs(t, err, product.ErrBadQuantity)
		require.Equal(t, []string{"#/lines/1/quantity"}, pointers(err))
	})

	t.Run("names a variant after its product and itself", func(t *testing.T) {
		shirt, err := s.CreateProduct(t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
			Name: "Shirt", Variants: []product.NewVariant{{SKU: "SHIRT-L", Name: "L", Prices: []money.Money{eur(1)}}, {SKU: "SHIRT-M", Name: "M"}},
		}})
		require.NoError(t, err)
		quote, err := s.QuoteLines(t.Context(), ask(line(shirt.Variants[0].ID, 1)))
		require.NoError(t, err)
		require.Equal(t, "Shirt, L", quote.Lines[0].Name)
		require.Equal(t, shirt.ID, quote.Lines[0].ProductID)
	})

	t.Run("points at every line that cannot be sold", func(t *testing.T) {
		mug, draft, dollars := s.sells("Mug", eur(10)), s.sells("Draft", eur(10)), s.sells("Dollars", money.New(10, "USD"))
		status := product.Draft
		_, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{
			ProductID: draft.ID, IfVersion: 1, ProductChange: product.ProductChange{Status: &status},
		})
		require.NoError(t, err)

		_, err = s.QuoteLines(t.Context(), ask(line(mug.ID, 1), line(mug.ID, 1), line(uuid.New(), 1), line(draft.ID, 1), line(dollars.ID, 1)))
		require.ErrorIs(t, err, product.ErrUnknownVariant)
		require.Equal(t, []string{"#/lines/2/variant_id", "#/lines/3/variant_id", "#/lines/4/variant_id"}, pointers(err))

		_, err = s.QuoteLines(t.Context(), ask(line(draft.ID, 1)))
		require.ErrorIs(t, err, product.ErrNotForSale)
		_, err = s.QuoteLines(t.Context(), ask(line(dollars.ID, 1)))
		require.ErrorIs(t, err, product.ErrNoPrice)
	})

	t.Run("refuses what makes no sense", func(t *testing.T) {
		mug := s.sells("Mug", eur(10))
		for name, c := range map[string]struct {
			in   product.QuoteLinesInput
			want error
		}{
			"no lines":         {ask(), product.ErrBadQuote},
			"101 lines":        {ask(make([]product.QuoteLine, 101)...), product.ErrBadQuote},
			"zero":             {ask(line(mug.ID, 0)), product.ErrBadQuantity},
			"negative":         {ask(line(mug.ID, -1)), product.ErrBadQuantity},
			"a billion":        {ask(line(mug.ID, 1_000_000_000)), product.ErrBadQuantity},
			"no currency":      {product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: []product.QuoteLine{line(mug.ID, 1)}}}, product.ErrUnknownCurrency},
			"unknown currency": {product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: []product.QuoteLine{line(mug.ID, 1)}, Currency: "XXX"}}, product.ErrUnknownCurrency},
			"bad country":      {product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: []product.QuoteLine{line(mug.ID, 1)}, Currency: "EUR", Country: "Germany"}}, product.ErrBadCountry},
			"unknown shipping": {product.QuoteLinesInput{QuoteInput: product.QuoteInput{Lines: []product.QuoteLine{line(mug.ID, 1)}, Currency: "EUR", ShippingOption: "drone"}}, product.ErrUnknownShipping},
			"no variant":       {ask(line(uuid.Nil, 1)), product.ErrUnknownVariant},
		} {
			_, err := s.QuoteLines(t.Context(), c.in)
			require.ErrorIs(t, err, c.want, name)
		}
	})

	t.Run("the most that can be asked for does not overflow", func(t *testing.T) {
		lines := make([]product.QuoteLine, product.MaxLines)
		for i := range lines {
			lines[i] = line(s.sells("Gold", eur(1_000_000_000_000)).ID, product.MaxQuantity)
		}
		quote, err := s.QuoteLines(t.Context(), ask(lines...))
		require.NoError(t, err)
		require.Equal(t, eur(1_000_000_000_000_000_000), quote.Total)
	})

	t.Run("adds up, whatever is asked", func(t *testing.T) {
		var catalogue []product.Product
		for _, amount := range []int64{0, 1, 99, 1999, 123456789} {
			catalogue = append(catalogue, s.sells("Thing", eur(amount)))
		}
		rapid.Check(t, func(r *rapid.T) {
			in := product.QuoteLinesInput{QuoteInput: product.QuoteInput{
				Currency: "EUR", ShippingOption: rapid.SampledFrom([]string{"", "standard", "express"}).Draw(r, "shipping"),
				Country: rapid.SampledFrom([]string{"", "DE", "FR", "GB", "US", "CA", "JP", "BR"}).Draw(r, "country"),
			}}
			if rapid.Bool().Draw(r, "coupon") {
				off := eur(rapid.Int64Range(0, 1_000_000).Draw(r, "amount"))
				in.Discount = &product.Discount{Kind: product.Fixed, Amount: &off}
			}
			var subtotal int64
			for range rapid.IntRange(1, 20).Draw(r, "lines") {
				p := rapid.SampledFrom(catalogue).Draw(r, "product")
				quantity := rapid.Int64Range(1, 500).Draw(r, "quantity")
				in.Lines = append(in.Lines, line(p.ID, quantity))
				subtotal += p.Variants[0].Prices[0].Amount * quantity
			}
			quote, err := s.QuoteLines(t.Context(), in)
			require.NoError(r, err)
			require.Equal(r, eur(subtotal), quote.Subtotal)
			var lines int64
			for _, each := range quote.Lines {
				require.Equal(r, each.UnitPrice.Amount*each.Quantity, each.Total.Amount)
				lines += each.Total.Amount
			}
			require.Equal(r, subtotal, lines)
			require.Equal(r, quote.Subtotal.Amount-quote.Discount.Amount+quote.Shipping.Amount+quote.Tax.Amount, quote.Total.Amount)
		})
	})
}

func TestQuotesNeedNoDatabaseOnceKnown(t *testing.T) {
	s := open(t)
	mug := s.sells("Mug", eur(10))
	first, err := s.QuoteLines(t.Context(), ask(line(mug.ID, 1)))
	require.NoError(t, err)

	s.pool.Close()

	again, err := s.QuoteLines(t.Context(), ask(line(mug.ID, 1)))
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = s.QuoteLines(t.Context(), ask(line(mug.ID, 1), line(uuid.New(), 1)))
	require.Error(t, err)
	require.NotErrorIs(t, err, product.ErrUnknownVariant, "a database that is out does not know that a variant is unknown")
}

func TestACallerWhoLeavesDoesNotSpoilTheLoad(t *testing.T) {
	s := open(t)
	mug := s.sells("Mug", eur(10))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = s.QuoteLines(gone, ask(line(mug.ID, 1)))
	_, err := s.QuoteLines(t.Context(), ask(line(mug.ID, 1)))
	require.NoError(t, err)
}
