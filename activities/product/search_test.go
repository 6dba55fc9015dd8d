package product_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/product"
	"kassa/events"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// offers makes an active product that is its own only variant.
func (s shop) offers(name, description string, category *product.Category, prices ...money.Money) product.Product {
	s.t.Helper()
	made := id.New()
	in := product.NewProduct{Name: name, Description: description, Variants: []product.NewVariant{{SKU: "SKU-" + made.String()[24:], Prices: prices}}}
	if category != nil {
		in.CategoryID = &category.ID
	}
	p, err := s.CreateProduct(s.t.Context(), product.CreateProductInput{ProductID: made, NewProduct: in})
	require.NoError(s.t, err)
	return p
}

// finds searches and answers the names of the hits, in order.
func (s shop) finds(in product.SearchProductsInput) (names []string) {
	s.t.Helper()
	found, err := s.SearchProducts(s.t.Context(), in)
	require.NoError(s.t, err)
	for _, hit := range found.Hits {
		names = append(names, hit.Name)
	}
	require.EqualValues(s.t, len(names), found.Total)
	return names
}

// counted says how much there is of a variant, as the inventory service does.
func (s shop) counted(p product.Product, onHand int64) {
	s.t.Helper()
	event := events.NewInventoryChanged(time.Now(), 1, events.StockChanged{VariantID: p.Variants[0].ID, ProductID: p.ID, OnHand: onHand + 2, Available: onHand})
	require.NoError(s.t, pg.InTx(s.t.Context(), s.pool, func(tx pgx.Tx) error { return product.RememberStock(s.t.Context(), tx, event) }))
}

func TestSearchProducts(t *testing.T) {
	s := open(t)
	kitchen := s.category("kitchen", nil)
	mugs := s.category("mugs", &kitchen)
	garden := s.category("garden", nil)
	mug := s.offers("Red mug", "Stoneware, holds 0.3 l.", &mugs, eur(1299), money.New(1499, "USD"))
	pot := s.offers("Teapot", "Cast iron. Goes with every mug.", &kitchen, eur(4990))
	s.offers("Watering can", "Zinc, 5 l.", &garden, eur(3490))
	s.offers("Gnome", "Made of stoneware; none is alike.", &garden, eur(999))

	for name, c := range map[string]struct {
		in   product.SearchProductsInput
		want []string
	}{
		"the name counts more than the description": {product.SearchProductsInput{Query: "mug"}, []string{"Red mug", "Teapot"}},
		"every word must occur":                     {product.SearchProductsInput{Query: "stoneware mug"}, []string{"Red mug"}},
		"in any form":                               {product.SearchProductsInput{Query: "The MUGS"}, []string{"Red mug", "Teapot"}},
		"by SKU":                                    {product.SearchProductsInput{Query: mug.Variants[0].SKU}, []string{"Red mug"}},
		"with a number":                             {product.SearchProductsInput{Query: "0.3 l"}, []string{"Red mug"}},
		"typing errors are forgiven":                {product.SearchProductsInput{Query: "stonware"}, []string{"Gnome", "Red mug"}},
		"one of the words is wrong":                 {product.SearchProductsInput{Query: "red stonewear"}, []string{"Red mug"}},
		"what nobody could mean":                    {product.SearchProductsInput{Query: "xylophone"}, nil},
		"only signs":                                {product.SearchProductsInput{Query: "'; DROP TABLE listings; -- \\ & | !"}, nil},
		"in a category and those inside":            {product.SearchProductsInput{Category: "kitchen", Sort: product.ByPrice}, []string{"Red mug", "Teapot"}},
		"in a category with a word":                 {product.SearchProductsInput{Query: "mug", Category: mugs.ID.String()}, []string{"Red mug"}},
		"newest first without a word":               {product.SearchProductsInput{}, []string{"Gnome", "Watering can", "Teapot", "Red mug"}},
		"the cheapest first":                        {product.SearchProductsInput{Sort: product.ByPrice}, []string{"Gnome", "Red mug", "Watering can", "Teapot"}},
		"the dearest first":                         {product.SearchProductsInput{Sort: product.ByPriceDown, Query: "mug"}, []string{"Teapot", "Red mug"}},
		"the newest of those with a word":           {product.SearchProductsInput{Sort: product.ByNewest, Query: "mug"}, []string{"Teapot", "Red mug"}},
		"between prices":                            {product.SearchProductsInput{MinPrice: 1299, MaxPrice: 3490, Sort: product.ByPrice}, []string{"Red mug", "Watering can"}},
		"in dollars":                                {product.SearchProductsInput{Currency: "USD"}, []string{"Red mug"}},
		"only what there is":                        {product.SearchProductsInput{InStock: true}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, shop{s.Service, s.pool, t}.finds(c.in)) })
	}

	t.Run("shows a hit as a list does", func(t *testing.T) {
		found, err := s.SearchProducts(t.Context(), product.SearchProductsInput{Query: "teapott"})
		require.NoError(t, err)
		require.Equal(t, "teapot", found.Corrected)
		require.Equal(t, []product.Hit{{ID: pot.ID, Name: "Teapot", CategoryID: &kitchen.ID, Price: eur(4990)}}, found.Hits)
	})

	t.Run("counts what another choice would find", func(t *testing.T) {
		found, err := s.SearchProducts(t.Context(), product.SearchProductsInput{Category: "mugs", MaxPrice: 2000})
		require.NoError(t, err)
		require.Equal(t, int64(1), found.Total)
		most := eur(2499)
		require.Equal(t, product.Facets{
			Categories: []product.CategoryCount{
				{ID: garden.ID, Slug: "garden", Name: "garden", Products: 1},
				{ID: kitchen.ID, Slug: "kitchen", Name: "kitchen", Products: 1},
				{ID: mugs.ID, ParentID: &kitchen.ID, Slug: "mugs", Name: "mugs", Products: 1},
			},
			Prices: []product.PriceCount{{Min: eur(1000), Max: &most, Products: 1}},
		}, found.Facets)
	})

	t.Run("refuses what makes no sense", func(t *testing.T) {
		_, err := s.SearchProducts(t.Context(), product.SearchProductsInput{Category: "nowhere"})
		require.ErrorIs(t, err, product.ErrUnknownCategory)
		_, err = s.SearchProducts(t.Context(), product.SearchProductsInput{Currency: "XXX"})
		require.ErrorIs(t, err, product.ErrUnknownCurrency)
	})
}

func TestSearchFindsWhatIsThereNow(t *testing.T) {
	s := open(t)
	mug := s.offers("Mug", "", nil, eur(100))
	only := func(in product.SearchProductsInput) int {
		found, err := product.New(s.pool).SearchProducts(t.Context(), in) // with counts of its own
		require.NoError(t, err)
		require.EqualValues(t, len(found.Hits), found.Total)
		return len(found.Hits)
	}
	inStock := product.SearchProductsInput{Query: "mug", InStock: true}

	s.counted(mug, 3)
	require.Equal(t, 1, only(inStock))
	mug = s.reprice(mug, eur(200))
	require.Equal(t, 1, only(inStock), "a change of the product leaves its stock")
	require.Equal(t, 0, only(product.SearchProductsInput{MaxPrice: 199}))
	s.counted(mug, 0)
	require.Equal(t, 0, only(inStock))

	back := events.NewInventoryBackInStock(time.Now(), 1, events.StockAvailable{VariantID: mug.ID, ProductID: mug.ID, Available: 1})
	require.NoError(t, pg.InTx(t.Context(), s.pool, func(tx pgx.Tx) error { return product.RememberStock(t.Context(), tx, back) }))
	require.Equal(t, 1, only(inStock))
	sold := events.NewInventoryLow(time.Now(), 1, events.StockAvailable{VariantID: mug.ID, ProductID: mug.ID})
	require.NoError(t, pg.InTx(t.Context(), s.pool, func(tx pgx.Tx) error { return product.RememberStock(t.Context(), tx, sold) }))
	require.Equal(t, 0, only(inStock))

	name := "Cup"
	mug, err := s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: mug.Version, ProductChange: product.ProductChange{Name: &name}})
	require.NoError(t, err)
	require.Equal(t, 0, only(product.SearchProductsInput{Query: "mug"}))
	require.Equal(t, 1, only(product.SearchProductsInput{Query: "cup"}))

	s.counted(mug, 5)
	mug, err = s.ArchiveProduct(t.Context(), product.ArchiveProductInput{ProductID: mug.ID, IfVersion: mug.Version})
	require.NoError(t, err)
	require.Equal(t, 0, only(product.SearchProductsInput{}))
	active := product.Active
	_, err = s.UpdateProduct(t.Context(), product.UpdateProductInput{ProductID: mug.ID, IfVersion: mug.Version, ProductChange: product.ProductChange{Status: &active}})
	require.NoError(t, err)
	require.Equal(t, 1, only(product.SearchProductsInput{InStock: true}), "its stock is known from before")
}

func TestSearchLeafsThroughEverythingOnce(t *testing.T) {
	s := open(t)
	for i := range 25 {
		s.offers("Mug", "", nil, eur(int64(100+i/3)))
	}
	for _, sort := range []string{product.ByRelevance, product.ByNewest, product.ByPrice, product.ByPriceDown} {
		seen := map[uuid.UUID]bool{}
		in := product.SearchProductsInput{Query: "mug", Sort: sort, Limit: 4}
		for pages := 1; ; pages++ {
			found, err := s.SearchProducts(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, int64(25), found.Total)
			for _, hit := range found.Hits {
				require.False(t, seen[hit.ID], "%s shows %s twice", sort, hit.ID)
				seen[hit.ID] = true
			}
			if in.After = found.Next; in.After == nil {
				require.Equal(t, 7, pages)
				break
			}
		}
		require.Len(t, seen, 25, sort)
	}
}

// TestAShelfHasOneOrder leafs by small pages, for which the catalogue is gone through
// in the order of prices, and by one large page, for which the shelf is sorted.
func TestAShelfHasOneOrder(t *testing.T) {
	s := open(t)
	mugs, pots := s.category("mugs", nil), s.category("pots", nil)
	for i := range 25 {
		s.offers(strconv.Itoa(i), "", &mugs, eur(int64(100+i%3)))
		s.offers("Pot", "", &pots, eur(101))
	}
	for _, sort := range []string{product.ByPrice, product.ByPriceDown} {
		in := product.SearchProductsInput{Category: "mugs", Sort: sort, Limit: 50}
		whole := s.finds(in)
		require.Len(t, whole, 25)
		var parts []string
		for _, limit := range []int{4, 4, 50} {
			in.Limit = limit
			found, err := s.SearchProducts(t.Context(), in)
			require.NoError(t, err)
			for _, hit := range found.Hits {
				parts = append(parts, hit.Name)
			}
			in.After = found.Next
		}
		require.Equal(t, whole, parts, sort)
		require.Nil(t, in.After)
	}
}

func TestBandsAreCountedAsAnyPriceIs(t *testing.T) {
	s := open(t)
	mugs := s.category("mugs", nil)
	for _, price := range []int64{0, 999, 1000, 2499, 2500, 100_000} {
		s.offers("Mug", "", &mugs, eur(price))
	}
	s.offers("Pot", "", nil, eur(2000))
	for _, prices := range [][2]int64{{0, 0}, {1000, 0}, {1000, 2499}, {1001, 2499}, {1000, 2500}, {0, 999}, {2500, 99_999}, {100_000, 0}, {100_001, 0}} {
		in := product.SearchProductsInput{Category: "mugs", MinPrice: prices[0], MaxPrice: prices[1], Sort: product.ByPrice}
		s.finds(in) // as many as are counted
		found, err := s.SearchProducts(t.Context(), in)
		require.NoError(t, err)
		fresh, err := product.New(s.pool).SearchProducts(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, fresh, found)
		require.Len(t, found.Facets.Prices, 4, "whatever the prices asked for")
	}
}

// TestTheServicesOwnRoleMakesItsDatabase migrates as the role that owns a
// database and nothing else, which is all that a service has.
func TestTheServicesOwnRoleMakesItsDatabase(t *testing.T) {
	s := open(t)
	name := "owned_" + uuid.NewString()[:8]
	for _, statement := range []string{
		"CREATE ROLE " + name + " LOGIN PASSWORD 'x'", "CREATE DATABASE " + name + " OWNER " + name, "REVOKE ALL ON DATABASE " + name + " FROM PUBLIC",
	} {
		_, err := s.pool.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	config := s.pool.Config().ConnConfig
	url := "postgres://" + name + ":x@" + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + name + "?sslmode=disable"
	require.NoError(t, pg.Migrate(t.Context(), url, productdb.Migrations()))
}
