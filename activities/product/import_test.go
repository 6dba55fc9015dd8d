package product_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/internal/id"
	"kassa/internal/money"
)

func article(sku string, prices ...money.Money) product.CatalogueLine {
	return product.CatalogueLine{Name: "Article " + sku, Variants: []product.CatalogueVariant{{NewVariant: product.NewVariant{SKU: sku, Prices: prices}}}}
}

// imports answers the outcome of each line, with the reason of a failure.
func (s shop) imports(lines ...product.CatalogueLine) (outcomes []string) {
	s.t.Helper()
	imported, err := s.ImportProducts(s.t.Context(), product.ImportProductsInput{Lines: lines})
	require.NoError(s.t, err)
	for _, line := range imported.Lines {
		if line.Fault != nil {
			outcomes = append(outcomes, line.Fault.Reason)
			continue
		}
		require.NotNil(s.t, line.ProductID)
		outcomes = append(outcomes, line.Outcome)
	}
	return outcomes
}

func TestImportProducts(t *testing.T) {
	s := open(t)
	s.category("mugs", nil)

	t.Run("makes, changes and leaves", func(t *testing.T) {
		mug, cup := article("I-MUG", eur(100)), article("I-CUP", eur(200))
		mug.Category = "mugs"
		require.Equal(t, []string{"created", "created"}, s.imports(mug, cup))
		require.Equal(t, []string{"unchanged", "unchanged"}, s.imports(mug, cup), "once more")
		cup.Variants[0].Prices = []money.Money{eur(250)}
		require.Equal(t, []string{"unchanged", "updated"}, s.imports(mug, cup))
		require.Len(t, s.finds(product.SearchProductsInput{Category: "mugs"}), 1)
		require.Equal(t, []string{"Article I-CUP"}, s.finds(product.SearchProductsInput{MinPrice: 250}))
		page, err := s.ListProducts(t.Context(), product.ListProductsInput{})
		require.NoError(t, err)
		require.Equal(t, []string{"product.created"}, s.told(page.Products[0].ID))
		require.Equal(t, []string{"product.created", "product.updated"}, s.told(page.Products[1].ID))
	})

	t.Run("a line that fails keeps no other from its effect", func(t *testing.T) {
		lost := article("I-LOST")
		lost.Category = "nowhere"
		both := article("I-MUG")
		both.Variants = append(both.Variants, product.CatalogueVariant{NewVariant: product.NewVariant{SKU: "I-CUP"}})
		require.Equal(t, []string{"created", "unknown_category", "bad_product", "import_ambiguous", "created"},
			s.imports(article("I-1"), lost, article("no spaces"), both, article("I-2")))
	})

	t.Run("a line may change what an earlier one makes", func(t *testing.T) {
		require.Equal(t, []string{"created", "updated", "unchanged"}, s.imports(article("I-TWICE", eur(1)), article("I-TWICE", eur(2)), article("I-TWICE", eur(2))))
	})

	t.Run("one that cannot be made among many is found", func(t *testing.T) {
		taken := id.New()
		first, second := article("I-A"), article("I-B")
		first.Variants[0].ID, second.Variants[0].ID = &taken, &taken
		require.Equal(t, []string{"created", "import_ambiguous", "created"}, s.imports(first, second, article("I-C")))
	})

	t.Run("leaves the status when it names none", func(t *testing.T) {
		line := article("I-OLD")
		line.Status = product.Archived
		require.Equal(t, []string{"created"}, s.imports(line))
		line.Status, line.Name = "", "Old"
		require.Equal(t, []string{"updated"}, s.imports(line))
		line.Status = product.Archived
		require.Equal(t, []string{"unchanged"}, s.imports(line))
	})
}

func TestACatalogueGoesToAnotherShop(t *testing.T) {
	here, there := open(t), open(t)
	for _, s := range []shop{here, there} {
		mugs := s.category("mugs", nil)
		s.category("deep", &mugs)
	}
	here.shirt("SHIRT")
	var lines []product.CatalogueLine
	for i := range 250 {
		line := article(fmt.Sprintf("A-%d", i), eur(int64(i)))
		line.Category = "deep"
		lines = append(lines, line)
	}
	here.imports(lines...)

	all := here.exports()
	require.Len(t, all, 251)
	imported, err := there.ImportProducts(t.Context(), product.ImportProductsInput{Lines: all})
	require.NoError(t, err)
	for i, line := range imported.Lines {
		require.Equal(t, product.ImportedLine{ProductID: all[i].ID, Outcome: product.Created}, line)
	}
	require.Equal(t, all, there.exports())
	imported, err = there.ImportProducts(t.Context(), product.ImportProductsInput{Lines: all})
	require.NoError(t, err)
	for _, line := range imported.Lines {
		require.Equal(t, product.Unchanged, line.Outcome)
	}
}

func (s shop) exports() (all []product.CatalogueLine) {
	s.t.Helper()
	for after := uuid.Nil; ; after = *all[len(all)-1].ID {
		part, err := s.ExportProducts(s.t.Context(), product.ExportProductsInput{After: after})
		require.NoError(s.t, err)
		if len(part.Lines) == 0 {
			return all
		}
		all = append(all, part.Lines...)
	}
}

// BenchmarkImportProducts measures a thousand new products per import.
func BenchmarkImportProducts(b *testing.B) {
	s := open(b)
	for n := 0; b.Loop(); n++ {
		var lines []product.CatalogueLine
		for i := range product.MaxImport {
			lines = append(lines, article(fmt.Sprintf("B-%d-%d", n, i), eur(100), money.New(100, "USD"), money.New(100, "GBP")))
		}
		_, err := s.ImportProducts(b.Context(), product.ImportProductsInput{Lines: lines})
		require.NoError(b, err)
	}
}
