package product_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
)

func TestCreateProduct(t *testing.T) {
	s := open(t)

	t.Run("a single variant takes the product's id", func(t *testing.T) {
		mug := s.sells("Mug", money.New(700, "USD"), eur(650))

		read, err := s.ReadProduct(t.Context(), product.ReadProductInput{ProductID: mug.ID})

		require.NoError(t, err)
		require.Equal(t, mug, read)
		require.Equal(t, mug.ID, read.Variants[0].ID)
		require.Equal(t, []money.Money{eur(650), money.New(700, "USD")}, read.Variants[0].Prices)
		require.Equal(t, product.Active, read.Status)
		require.Equal(t, []string{"product.created"}, s.told(mug.ID))
	})

	t.Run("several variants have ids of their own and keep their order", func(t *testing.T) {
		in := product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
			Name: "Shirt", Description: "Cotton.", Status: product.Draft,
			Variants: []product.NewVariant{{SKU: "SHIRT-L", Name: "L", Prices: []money.Money{eur(1900)}}, {SKU: "SHIRT-M", Name: "M"}},
		}}
		made, err := s.CreateProduct(t.Context(), in)
		require.NoError(t, err)

		again, err := s.CreateProduct(t.Context(), in)

		require.NoError(t, err)
		require.Equal(t, made, again, "a repeat answers the product that the first one made")
		require.Equal(t, "SHIRT-L", made.Variants[0].SKU)
		require.NotEqual(t, made.ID, made.Variants[0].ID)
		require.Empty(t, made.Variants[1].Prices)
		require.Len(t, s.told(made.ID), 1)
	})

	t.Run("refuses a SKU that is taken", func(t *testing.T) {
		mug := s.sells("Cup", eur(1))
		_, err := s.CreateProduct(t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
			Name: "Other", Variants: []product.NewVariant{{SKU: mug.Variants[0].SKU}},
		}})
		require.ErrorIs(t, err, product.ErrSKUTaken)
	})

	t.Run("says everything that is wrong at once", func(t *testing.T) {
		_, err := s.CreateProduct(t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
			Name: strings.Repeat("x", 201), Status: "sold",
			Variants: []product.NewVariant{
				{SKU: "no spaces", Name: "a", Prices: []money.Money{eur(-1)}},
				{SKU: "ok", Name: "", Prices: []money.Money{eur(1), eur(2)}},
				{SKU: "ok", Name: "b", Prices: []money.Money{money.New(1, "XXX")}},
			},
		}})
		require.ErrorIs(t, err, product.ErrBadProduct)
		require.Equal(t, []string{
			"#/name", "#/status", "#/variants/0/sku", "#/variants/0/prices", "#/variants/1/name", "#/variants/1/prices",
			"#/variants/2/sku", "#/variants/2/prices",
		}, pointers(err))
	})
}

func TestUpdateProduct(t *testing.T) {
	s := open(t)

	t.Run("changes what is given and leaves the rest", func(t *testing.T) {
		mug := s.sells("Mug", eur(650))
		name, status := "Large mug", product.Archived

		changed, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{
			ProductID: mug.ID, IfVersion: 1, ProductChange: product.ProductChange{Name: &name, Status: &status},
		})

		require.NoError(t, err)
		read, err := s.ReadProduct(t.Context(), product.ReadProductInput{ProductID: mug.ID})
		require.NoError(t, err)
		require.Equal(t, changed, read)
		require.Equal(t, int64(2), read.Version)
		require.Equal(t, mug.Variants, read.Variants)
		require.Equal(t, []string{"product.created", "product.archived"}, s.told(mug.ID))
	})

	t.Run("replaces the prices of the variants it names", func(t *testing.T) {
		made, err := s.CreateProduct(t.Context(), product.CreateProductInput{ProductID: id.New(), NewProduct: product.NewProduct{
			Name: "Shirt", Variants: []product.NewVariant{
				{SKU: "S-L", Name: "L", Prices: []money.Money{eur(1900), money.New(2000, "USD")}}, {SKU: "S-M", Name: "M", Prices: []money.Money{eur(1800)}},
			},
		}})
		require.NoError(t, err)
		changed, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{
			ProductID: made.ID, IfVersion: 1,
			ProductChange: product.ProductChange{Prices: []product.VariantPrices{{VariantID: made.Variants[0].ID, Prices: []money.Money{eur(1700)}}}},
		})
		require.NoError(t, err)
		read, err := s.ReadProduct(t.Context(), product.ReadProductInput{ProductID: made.ID})
		require.NoError(t, err)
		require.Equal(t, changed, read)
		require.Equal(t, []money.Money{eur(1700)}, read.Variants[0].Prices)
		require.Equal(t, []money.Money{eur(1800)}, read.Variants[1].Prices)
	})

	t.Run("refuses a change of an older version, of nothing and of nobody", func(t *testing.T) {
		mug := s.reprice(s.sells("Mug", eur(650)), eur(700))
		name := "Cup"
		change := product.UpdateProductInput{ProductID: mug.ID, IfVersion: 1, ProductChange: product.ProductChange{Name: &name}}
		_, err := s.UpdateProduct(t.Context(), change)
		require.ErrorIs(t, err, product.ErrProductStale)
		require.Equal(t, int64(2), fault.Of(err).Details["current_version"])
		_, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: 2})
		require.ErrorIs(t, err, product.ErrNothingToChange)
		change.ProductID = uuid.New()
		_, err = s.UpdateProduct(t.Context(), change)
		require.ErrorIs(t, err, product.ErrProductNotFound)
		_, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{
			ProductID: mug.ID, IfVersion: 2, ProductChange: product.ProductChange{Prices: []product.VariantPrices{{VariantID: uuid.New()}}},
		})
		require.ErrorIs(t, err, product.ErrUnknownVariant)
		require.Equal(t, []string{"#/prices/0/variant_id"}, pointers(err))
	})
}

func TestListProducts(t *testing.T) {
	s := open(t)
	var made []product.Product
	for _, name := range []string{"A", "B", "C", "D"} {
		made = append(made, s.sells(name, eur(100)))
	}
	draft := product.Draft
	_, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{
		ProductID: made[1].ID, IfVersion: 1, ProductChange: product.ProductChange{Status: &draft},
	})
	require.NoError(t, err)

	first, err := s.ListProducts(t.Context(), product.ListProductsInput{Status: product.Active, Limit: 2})
	require.NoError(t, err)
	require.Equal(t, product.Products{Products: []product.Product{made[0], made[2]}, More: true}, first)
	rest, err := s.ListProducts(t.Context(), product.ListProductsInput{Status: product.Active, Limit: 2, After: made[2].ID})
	require.NoError(t, err)
	require.Equal(t, product.Products{Products: []product.Product{made[3]}}, rest)
	all, err := s.ListProducts(t.Context(), product.ListProductsInput{})
	require.NoError(t, err)
	require.Len(t, all.Products, 4)
}
