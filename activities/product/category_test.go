package product_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/product"
	"kassa/internal/id"
)

func (s shop) category(slug string, parent *product.Category) product.Category {
	s.t.Helper()
	in := product.CreateCategoryInput{CategoryID: id.New(), NewCategory: product.NewCategory{Slug: slug, Name: slug}}
	if parent != nil {
		in.ParentID = &parent.ID
	}
	made, err := s.CreateCategory(s.t.Context(), in)
	require.NoError(s.t, err)
	return made
}

func (s shop) move(c product.Category, parent *uuid.UUID) (product.Category, error) {
	return s.ReplaceCategory(s.t.Context(), product.ReplaceCategoryInput{
		CategoryID: c.ID, IfVersion: c.Version, NewCategory: product.NewCategory{ParentID: parent, Slug: c.Slug, Name: c.Name, Position: c.Position},
	})
}

func TestCategoriesAreATree(t *testing.T) {
	s := open(t)
	kitchen := s.category("kitchen", nil)
	mugs := s.category("mugs", &kitchen)
	garden := s.category("garden", nil)

	all, err := s.ListCategories(t.Context(), product.ListCategoriesInput{})
	require.NoError(t, err)
	kitchen.Children = []product.Category{mugs}
	require.Equal(t, []product.Category{garden, kitchen}, all.Categories, "by position, then by name")

	moved, err := s.move(mugs, &garden.ID)
	require.NoError(t, err)
	require.Equal(t, int64(2), moved.Version)
	read, err := s.ReadCategory(t.Context(), product.ReadCategoryInput{CategoryID: garden.ID})
	require.NoError(t, err)
	require.Equal(t, []product.Category{moved}, read.Children)
}

func TestCategoriesAreRefused(t *testing.T) {
	s := open(t)
	kitchen := s.category("kitchen", nil)
	mugs := s.category("mugs", &kitchen)
	_, err := s.move(kitchen, &mugs.ID)
	require.ErrorIs(t, err, product.ErrCategoryCircle)
	_, err = s.move(kitchen, &kitchen.ID)
	require.ErrorIs(t, err, product.ErrCategoryCircle)
	unknown := id.New()
	_, err = s.move(kitchen, &unknown)
	require.ErrorIs(t, err, product.ErrUnknownCategory)
	stale := kitchen
	stale.Version = 9
	_, err = s.move(stale, nil)
	require.ErrorIs(t, err, product.ErrCategoryStale)
	_, err = s.CreateCategory(t.Context(), product.CreateCategoryInput{CategoryID: id.New(), NewCategory: product.NewCategory{Slug: "mugs", Name: "Mugs"}})
	require.ErrorIs(t, err, product.ErrSlugTaken)
	_, err = s.CreateCategory(t.Context(), product.CreateCategoryInput{CategoryID: id.New(), NewCategory: product.NewCategory{Slug: "No spaces"}})
	require.ErrorIs(t, err, product.ErrBadCategory)
	require.Equal(t, []string{"#/slug", "#/name"}, pointers(err))

	deepest := mugs
	for _, slug := range []string{"three", "four", "five", "six"} {
		deepest = s.category(slug, &deepest)
	}
	_, err = s.CreateCategory(t.Context(), product.CreateCategoryInput{
		CategoryID: id.New(), NewCategory: product.NewCategory{Slug: "seven", Name: "Seven", ParentID: &deepest.ID},
	})
	require.ErrorIs(t, err, product.ErrBadCategory)
	top := s.category("top", nil)
	_, err = s.move(kitchen, &top.ID)
	require.ErrorIs(t, err, product.ErrBadCategory, "what is inside counts")
}

func TestOnlyEmptyCategoriesGo(t *testing.T) {
	s := open(t)
	kitchen := s.category("kitchen", nil)
	mugs := s.category("mugs", &kitchen)
	_, err := s.DeleteCategory(t.Context(), product.DeleteCategoryInput{CategoryID: kitchen.ID, IfVersion: 1})
	require.ErrorIs(t, err, product.ErrCategoryInUse)

	mug := s.sells("Mug", eur(1))
	mug, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: 1, ProductChange: product.ProductChange{CategoryID: &mugs.ID}})
	require.NoError(t, err)
	require.Equal(t, &mugs.ID, s.read(mug).CategoryID)
	_, err = s.DeleteCategory(t.Context(), product.DeleteCategoryInput{CategoryID: mugs.ID, IfVersion: 1})
	require.ErrorIs(t, err, product.ErrCategoryInUse)

	_, err = s.ReplaceProduct(t.Context(), product.ReplaceProductInput{ProductID: mug.ID, IfVersion: 2, NewProduct: product.NewProduct{
		Name: "Mug", Variants: []product.NewVariant{{SKU: mug.Variants[0].SKU}},
	}})
	require.NoError(t, err)
	_, err = s.DeleteCategory(t.Context(), product.DeleteCategoryInput{CategoryID: mugs.ID, IfVersion: 2})
	require.ErrorIs(t, err, product.ErrCategoryStale)
	_, err = s.DeleteCategory(t.Context(), product.DeleteCategoryInput{CategoryID: mugs.ID, IfVersion: 1})
	require.NoError(t, err)
	_, err = s.DeleteCategory(t.Context(), product.DeleteCategoryInput{CategoryID: mugs.ID, IfVersion: 1})
	require.ErrorIs(t, err, product.ErrCategoryNotFound)
	_, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: 3, ProductChange: product.ProductChange{CategoryID: &mugs.ID}})
	require.ErrorIs(t, err, product.ErrUnknownCategory)
}

// TestTwoMovesMakeNoCircle lets two categories be moved into each other at once.
func TestTwoMovesMakeNoCircle(t *testing.T) {
	s := open(t)
	for range 10 {
		a, b := s.category("a-"+id.New().String(), nil), s.category("b-"+id.New().String(), nil)
		var both errgroup.Group
		failures := make([]error, 2)
		both.Go(func() error { _, failures[0] = s.move(a, &b.ID); return nil })
		both.Go(func() error { _, failures[1] = s.move(b, &a.ID); return nil })
		require.NoError(t, both.Wait())
		require.NotEqual(t, failures[0] == nil, failures[1] == nil, "one of them wins: %v", failures)
	}
}

func TestProductsAreListedByFilter(t *testing.T) {
	s := open(t)
	kitchen := s.category("kitchen", nil)
	mugs := s.category("mugs", &kitchen)
	cheap, dear := s.sells("Cheap", eur(100)), s.sells("Dear", eur(900))
	dear, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: dear.ID, IfVersion: 1, ProductChange: product.ProductChange{CategoryID: &mugs.ID}})
	require.NoError(t, err)
	amount := int64(500)
	for name, c := range map[string]struct {
		in   product.ListProductsInput
		want []product.Product
	}{
		"by the category above": {product.ListProductsInput{Category: "kitchen"}, []product.Product{dear}},
		"by id of a category":   {product.ListProductsInput{Category: mugs.ID.String()}, []product.Product{dear}},
		"at least":              {product.ListProductsInput{MinPrice: &amount}, []product.Product{dear}},
		"at most":               {product.ListProductsInput{MaxPrice: &amount}, []product.Product{cheap}},
		"in another currency":   {product.ListProductsInput{MaxPrice: &amount, Currency: "USD"}, []product.Product{}},
		"changed since":         {product.ListProductsInput{UpdatedSince: &dear.UpdatedAt}, []product.Product{dear}},
	} {
		page, err := s.ListProducts(t.Context(), c.in)
		require.NoError(t, err)
		require.Equal(t, product.Products{Products: c.want}, page, name)
	}
	_, err = s.ListProducts(t.Context(), product.ListProductsInput{Category: "nowhere"})
	require.ErrorIs(t, err, product.ErrUnknownCategory)
}
