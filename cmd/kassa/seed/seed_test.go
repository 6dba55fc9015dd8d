package seed

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCatalogueIsSound(t *testing.T) {
	articles, err := catalogue()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(articles), 60)
	skus := map[string]bool{}
	for _, a := range articles {
		require.True(t, slices.Contains(leaves, a.Category), a.Category)
		require.NotEmpty(t, a.Description, a.Name)
		require.Len(t, a.Images, 1)
		for _, v := range a.Variants {
			require.False(t, skus[v.SKU], "%s occurs twice", v.SKU)
			skus[v.SKU] = true
			require.Positive(t, v.Grams)
			require.Positive(t, a.stock[v.SKU])
			require.Len(t, v.Prices, 3)
			require.Equal(t, len(a.Variants) > 1, len(v.Options) == 1, v.SKU)
			for _, price := range v.Prices {
				require.Positive(t, price.Amount)
			}
		}
	}
}

func TestSyntheticProductsDiffer(t *testing.T) {
	skus := map[string]bool{}
	for n := range 10_000 {
		a := synthetic(n, 5)
		require.False(t, skus[a.Variants[0].SKU])
		skus[a.Variants[0].SKU] = true
		require.Contains(t, leaves, a.Category)
	}
}
