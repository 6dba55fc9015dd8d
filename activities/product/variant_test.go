package product_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/internal/id"
	"kassa/internal/money"
)

func sized(sku, size string, prices ...money.Money) product.NewVariant {
	return product.NewVariant{SKU: sku, Options: []product.Option{{Name: "size", Value: size}}, WeightGrams: 200, Prices: prices}
}

// shirt makes a product with variants M and L.
func (s shop) shirt(sku string) product.Product {
	s.t.Helper()
	made, err := s.CreateProduct(s.t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
		Name: "Shirt", Variants: []product.NewVariant{sized(sku+"-M", "M", eur(1900)), sized(sku+"-L", "L", eur(1900))},
	}})
	require.NoError(s.t, err)
	return made
}

func (s shop) read(p product.Product) product.Product {
	s.t.Helper()
	read, err := s.ReadProduct(s.t.Context(), product.ReadProductInput{ProductID: p.ID})
	require.NoError(s.t, err)
	return read
}

func TestVariants(t *testing.T) {
	s := open(t)

	t.Run("are called after their options", func(t *testing.T) {
		shirt := s.shirt("NAMED")
		require.Equal(t, "L", shirt.Variants[1].Name)
		require.Equal(t, []product.Option{{Name: "size", Value: "L"}}, s.read(shirt).Variants[1].Options)
	})

	t.Run("can be added, once, and are quoted at once", func(t *testing.T) {
		shirt := s.shirt("ADDED")
		add := product.AddVariantInput{ProductID: shirt.ID, VariantID: id.New(), NewVariant: sized("ADDED-XL", "XL", eur(2100))}
		changed, err := s.AddVariant(t.Context(), add)
		require.NoError(t, err)
		again, err := s.AddVariant(t.Context(), add)
		require.NoError(t, err)
		require.Equal(t, changed, again)
		require.Equal(t, changed, s.read(shirt))
		require.Equal(t, int64(2), changed.Version)
		require.Equal(t, int64(2100), price(t, s.Service, add.VariantID))
		require.Equal(t, []string{"product.created", "product.updated"}, s.told(shirt.ID))
	})

	t.Run("can be replaced, but for id and place", func(t *testing.T) {
		shirt := s.shirt("REPLACED")
		require.Equal(t, int64(1900), price(t, s.Service, shirt.Variants[0].ID))
		changed, err := s.ReplaceVariant(t.Context(), product.ReplaceVariantInput{
			ProductID: shirt.ID, VariantID: shirt.Variants[0].ID, IfVersion: 1, NewVariant: sized("REPLACED-S", "S", eur(1700)),
		})
		require.NoError(t, err)
		require.Equal(t, product.Variant{
			ID: shirt.Variants[0].ID, SKU: "REPLACED-S", Name: "S", Options: []product.Option{{Name: "size", Value: "S"}}, WeightGrams: 200, Prices: []money.Money{eur(1700)},
		}, changed.Variants[0])
		require.Equal(t, changed, s.read(shirt))
		require.Equal(t, int64(1700), price(t, s.Service, shirt.Variants[0].ID))
	})

	t.Run("can be taken away, but not the last one", func(t *testing.T) {
		shirt := s.shirt("TAKEN")
		first, second := shirt.Variants[0].ID, shirt.Variants[1].ID
		require.Equal(t, int64(1900), price(t, s.Service, first))
		changed, err := s.RemoveVariant(t.Context(), product.RemoveVariantInput{ProductID: shirt.ID, VariantID: first, IfVersion: 1})
		require.NoError(t, err)
		require.Equal(t, changed, s.read(shirt))
		_, err = s.QuoteLines(t.Context(), ask(line(first, 1)))
		require.ErrorIs(t, err, product.ErrUnknownVariant)
		_, err = s.RemoveVariant(t.Context(), product.RemoveVariantInput{ProductID: shirt.ID, VariantID: first, IfVersion: 2})
		require.ErrorIs(t, err, product.ErrVariantNotFound)
		_, err = s.RemoveVariant(t.Context(), product.RemoveVariantInput{ProductID: shirt.ID, VariantID: second, IfVersion: 2})
		require.ErrorIs(t, err, product.ErrLastVariant)
	})

	t.Run("are refused for an older version, and when they do not fit their siblings", func(t *testing.T) {
		shirt := s.shirt("REFUSED")
		_, err := s.RemoveVariant(t.Context(), product.RemoveVariantInput{ProductID: shirt.ID, VariantID: shirt.Variants[0].ID, IfVersion: 9})
		require.ErrorIs(t, err, product.ErrProductStale)
		for pointer, v := range map[string]product.NewVariant{
			"#/variants/2/options": sized("REFUSED-X", "L"),
			"#/variants/2/sku":     sized("REFUSED-L", "XL"),
			"#/variants/2/name":    {SKU: "REFUSED-N"},
		} {
			_, err := s.AddVariant(t.Context(), product.AddVariantInput{ProductID: shirt.ID, VariantID: id.New(), NewVariant: v})
			require.ErrorIs(t, err, product.ErrBadProduct)
			require.Contains(t, pointers(err), pointer)
		}
		_, err = s.AddVariant(t.Context(), product.AddVariantInput{ProductID: shirt.ID, VariantID: id.New(), NewVariant: sized("NAMED-L", "XL")})
		require.ErrorIs(t, err, product.ErrSKUTaken)
		require.Equal(t, shirt, s.read(shirt))
	})
}

func TestReplaceProduct(t *testing.T) {
	s := open(t)
	shirt := s.shirt("PUT")
	require.Equal(t, int64(1900), price(t, s.Service, shirt.Variants[0].ID))

	changed, err := s.ReplaceProduct(t.Context(), product.ReplaceProductInput{ProductID: shirt.ID, IfVersion: 1, NewProduct: product.NewProduct{
		Name: "Tee", Images: []product.Image{{URL: "https://images.example.com/tee.jpg", Alt: "A tee"}},
		Variants: []product.NewVariant{sized("PUT-XL", "XL", eur(2000)), sized("PUT-L", "L", eur(1800))},
	}})

	require.NoError(t, err)
	require.Equal(t, changed, s.read(shirt))
	require.Equal(t, shirt.Variants[1].ID, changed.Variants[1].ID, "a variant is known by its SKU")
	require.NotContains(t, []any{shirt.ID, shirt.Variants[0].ID}, changed.Variants[0].ID)
	require.Equal(t, int64(1800), price(t, s.Service, shirt.Variants[1].ID))
	_, err = s.QuoteLines(t.Context(), ask(line(shirt.Variants[0].ID, 1)))
	require.ErrorIs(t, err, product.ErrUnknownVariant)

	_, err = s.ReplaceProduct(t.Context(), product.ReplaceProductInput{ProductID: shirt.ID, IfVersion: 2, NewProduct: product.NewProduct{
		Name: "Tee", Images: []product.Image{{URL: "javascript:alert(1)"}, {URL: "/tee.jpg"}, {URL: "https://a:b@example.com/"}},
		Variants: []product.NewVariant{{SKU: "PUT-L"}},
	}})
	require.ErrorIs(t, err, product.ErrBadProduct)
	require.Equal(t, []string{"#/images/0", "#/images/1", "#/images/2"}, pointers(err))
}

func TestArchiveProduct(t *testing.T) {
	s := open(t)
	mug := s.sells("Mug", eur(100))

	archived, err := s.ArchiveProduct(t.Context(), product.ArchiveProductInput{ProductID: mug.ID, IfVersion: 1})
	require.NoError(t, err)
	require.Equal(t, product.Archived, archived.Status)
	again, err := s.ArchiveProduct(t.Context(), product.ArchiveProductInput{ProductID: mug.ID, IfVersion: 2})
	require.NoError(t, err)
	require.Equal(t, archived, again)
	_, err = s.QuoteLines(t.Context(), ask(line(mug.ID, 1)))
	require.ErrorIs(t, err, product.ErrNotForSale)

	active := product.Active
	_, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: 2, ProductChange: product.ProductChange{Status: &active}})
	require.NoError(t, err)
	require.Equal(t, []string{"product.created", "product.archived", "product.updated"}, s.told(mug.ID))
	_, err = s.ArchiveProduct(t.Context(), product.ArchiveProductInput{ProductID: mug.ID, IfVersion: 1})
	require.ErrorIs(t, err, product.ErrProductStale)
}
