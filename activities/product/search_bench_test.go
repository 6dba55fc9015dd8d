package product_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/product"
)

var (
	kinds  = []string{"mug", "teapot", "kettle", "lamp", "chair", "table", "shirt", "jacket", "backpack", "bottle", "knife", "pan", "blanket", "pillow", "clock", "vase", "basket", "bench", "stool", "shelf", "mirror", "candle", "notebook", "pen", "bowl", "plate", "glass", "towel", "rug", "curtain", "hammer", "saw", "drill", "rake", "spade", "tent", "stove", "rope", "boot", "glove"}
	makes  = []string{"oak", "ash", "steel", "copper", "stoneware", "porcelain", "linen", "cotton", "wool", "leather", "bamboo", "glass", "brass", "marble", "concrete", "felt", "cork", "enamel", "silk", "canvas", "walnut", "birch", "iron", "aluminium", "ceramic"}
	tones  = []string{"red", "blue", "green", "black", "white", "grey", "yellow", "orange", "brown", "pink", "purple", "turquoise", "beige", "olive", "navy", "ivory", "golden", "silver", "crimson", "amber"}
	styles = []string{"classic", "modern", "rustic", "slim", "large", "small", "folding", "stackable", "handmade", "vintage", "compact", "heavy", "light", "round", "square"}
)

// fill makes n products, each in one of eight categories, in three currencies.
func (s shop) fill(n int) {
	for i := range 8 {
		s.category(fmt.Sprintf("category-%d", i), nil)
	}
	conn, err := s.pool.Acquire(s.t.Context())
	require.NoError(s.t, err)
	defer conn.Release()
	_, err = conn.Exec(s.t.Context(), "SET statement_timeout = 0")
	require.NoError(s.t, err)
	_, err = conn.Exec(s.t.Context(), `
		INSERT INTO products (id, name, description, status, category_id, created_at, updated_at)
		SELECT gen_random_uuid(),
		       initcap(($2::text[])[1 + i / 7 % 15] || ' ' || ($3::text[])[1 + i % 25] || ' ' || ($4::text[])[1 + i / 25 % 40] || ', ' || ($5::text[])[1 + i / 1000 % 20]),
		       'Made of ' || ($3::text[])[1 + i % 25] || ', for every day. Part ' || i || ' of a collection of things that go well together.',
		       'active', (SELECT id FROM categories WHERE slug = 'category-' || i / 25 % 8), now(), now()
		FROM generate_series(1, $1::int) AS i`, n, styles, makes, kinds, tones)
	require.NoError(s.t, err)
	for _, statement := range []string{
		"INSERT INTO variants (id, product_id, position, sku) SELECT id, id, 0, 'S-' || row_number() OVER () FROM products",
		"INSERT INTO prices (variant_id, currency, amount) SELECT id, currency, 100 + (random() * random() * 100000)::bigint FROM products, unnest(ARRAY['EUR', 'USD', 'GBP']) AS currency",
		"INSERT INTO stock (variant_id, product_id, available) SELECT id, id, (random() * 10)::bigint FROM products",
		"ANALYZE",
		"SELECT list_products(array_agg(id)) FROM (SELECT id, row_number() OVER () / 500 AS part FROM products) AS parts GROUP BY part",
		"VACUUM ANALYZE",
	} {
		_, err := conn.Exec(s.t.Context(), statement)
		require.NoError(s.t, err)
	}
}

// BenchmarkSearchProducts measures searches among a hundred thousand products,
// each for other words, so that nothing is remembered. p50-ms is what half of
// them stay below.
func BenchmarkSearchProducts(b *testing.B) {
	s := open(b)
	s.fill(100_000)
	pick := func(words []string) string { return words[rand.IntN(len(words))] }
	for _, c := range []struct {
		name string
		in   func() product.SearchProductsInput
	}{
		{"one word", func() product.SearchProductsInput { return product.SearchProductsInput{Query: pick(kinds)} }},
		{"two words", func() product.SearchProductsInput {
			return product.SearchProductsInput{Query: pick(makes) + " " + pick(kinds)}
		}},
		{"three words", func() product.SearchProductsInput {
			return product.SearchProductsInput{Query: pick(tones) + " " + pick(makes) + " " + pick(kinds)}
		}},
		{"a typing error", func() product.SearchProductsInput {
			word := pick([]string{"teapott", "blankett", "backpak", "notbook", "hamer", "mirrror", "candel"})
			return product.SearchProductsInput{Query: pick(makes) + " " + word}
		}},
		{"a word in a category, in stock", func() product.SearchProductsInput {
			return product.SearchProductsInput{Query: pick(kinds), Category: fmt.Sprintf("category-%d", rand.IntN(8)), InStock: true}
		}},
		{"a word by price", func() product.SearchProductsInput {
			return product.SearchProductsInput{Query: pick(kinds), Sort: product.ByPrice, MaxPrice: 1000 + rand.Int64N(50_000)}
		}},
		{"the newest of a category", func() product.SearchProductsInput {
			return product.SearchProductsInput{Category: fmt.Sprintf("category-%d", rand.IntN(8))}
		}},
		{"the cheapest of a category", func() product.SearchProductsInput {
			return product.SearchProductsInput{Category: fmt.Sprintf("category-%d", rand.IntN(8)), Sort: product.ByPrice}
		}},
		{"everything", func() product.SearchProductsInput { return product.SearchProductsInput{} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				in := c.in()
				in.Limit = 20
				begin := time.Now()
				if _, err := s.SearchProducts(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}
