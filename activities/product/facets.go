package product

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"

	"kassa/internal/money"
	"kassa/sql/productdb"
)

// Facets tell how many products there would be under another choice.
type Facets struct {
	Categories []CategoryCount `json:"categories" nullable:"false" doc:"Per category, whatever the category asked for; those inside a category count for it too. Without those that have none."`
	Prices     []PriceCount    `json:"prices" nullable:"false" doc:"Per band of prices, whatever the prices asked for. Without those that have none."`
}

// CategoryCount is how many products a category has.
type CategoryCount struct {
	ID       uuid.UUID  `json:"id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
	ParentID *uuid.UUID `json:"parent_id,omitempty" format:"uuid" doc:"The category it is in; absent at the top." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d30"`
	Slug     string     `json:"slug" example:"mugs"`
	Name     string     `json:"name" example:"Mugs"`
	Products int64      `json:"products" example:"12"`
}

// PriceCount is how many products a band of prices has.
type PriceCount struct {
	Min      money.Money  `json:"min" doc:"The least of the band."`
	Max      *money.Money `json:"max,omitempty" doc:"The most of the band; absent for the highest one."`
	Products int64        `json:"products" example:"12"`
}

// bounds are where bands of prices begin, in whole euros, dollars or hundreds of yen.
var bounds = [...]int64{0, 10, 25, 50, 100, 250, 500, 1000}

const (
	countFor = 30 * time.Second // how old a count may be: counting everything takes longer than finding a page
	shelfFor = 10 * time.Second
)

// asked is what counting everything depends on.
type asked struct {
	currency    string
	least, most int64 // -1 for any
	inStock     bool
}

// counts is what was counted; by category of the products themselves.
type counts struct {
	categories map[uuid.UUID]int64
	bands      map[int32]int64

	within map[uuid.UUID]bool // the categories that are asked for; nil for any
}

// newCounts makes the cache of counts: a row for each category and band, at most 16,000 in each.
func newCounts() *otter.Cache[asked, []productdb.CountFacetsRow] {
	return otter.Must(&otter.Options[asked, []productdb.CountFacetsRow]{MaximumSize: 100, ExpiryCalculator: otter.ExpiryWriting[asked, []productdb.CountFacetsRow](countFor)})
}

// newShelves makes the cache of the one tree of categories.
func newShelves() *otter.Cache[struct{}, tree] {
	return otter.Must(&otter.Options[struct{}, tree]{MaximumSize: 1, ExpiryCalculator: otter.ExpiryWriting[struct{}, tree](shelfFor)})
}

// shelves is the tree of categories, some seconds old at most. A change by this
// process shows at once.
func (s *Service) shelves(ctx context.Context, db *productdb.Queries) (tree, error) {
	return s.trees.Get(ctx, struct{}{}, otter.LoaderFunc[struct{}, tree](func(ctx context.Context, _ struct{}) (tree, error) {
		return readTree(ctx, db)
	}))
}

// count counts what is found without words: from the cache, or anew. All categories
// have one count, and all bands too: only prices within a band are counted anew. Whoever
// asks while it is counted waits for that.
func (s *Service) count(ctx context.Context, db *productdb.Queries, q query) (counts, error) {
	key, least, most := asked{currency: q.currency, inStock: q.inStock, least: -1, most: -1}, q.least, q.most
	first, last, whole := q.bands()
	if whole {
		least, most = nil, nil
	}
	if least != nil {
		key.least = *least
	}
	if most != nil {
		key.most = *most
	}
	all, err := s.counts.Get(ctx, key, otter.LoaderFunc[asked, []productdb.CountFacetsRow](func(ctx context.Context, _ asked) ([]productdb.CountFacetsRow, error) {
		return db.CountFacets(ctx, productdb.CountFacetsParams{
			Currency: q.currency, InStock: q.inStock, MinPrice: least, MaxPrice: most, Bounds: starts(q.currency),
		})
	}))
	if err != nil {
		return counts{}, fmt.Errorf("count facets: %w", err)
	}
	counted := newCount(q)
	for _, group := range all {
		if whole {
			group.Within = group.Band >= first && group.Band <= last
		}
		counted.add(group)
	}
	return counted, nil
}

// bands answers which bands are within the prices that are asked for; whole says
// whether that is all of each, as it is when somebody chooses a facet.
func (q query) bands() (first, last int32, whole bool) {
	limits := starts(q.currency)
	begin, end := 0, len(limits)
	if q.least != nil {
		begin = slices.Index(limits, *q.least)
	}
	if q.most != nil {
		end = slices.Index(limits, *q.most+1)
	}
	return int32(begin) + 1, int32(end), begin >= 0 && end >= 0 // Postgres counts buckets from 1
}

// newCount begins counting for a query.
func newCount(q query) counts {
	c := counts{categories: map[uuid.UUID]int64{}, bands: map[int32]int64{}}
	if q.within != nil {
		c.within = map[uuid.UUID]bool{}
		for _, category := range q.within {
			c.within[category] = true
		}
	}
	return c
}

// add counts products for their category when their price fits, and for their
// band of prices when their category does.
func (c counts) add(group productdb.CountFacetsRow) {
	if group.Within {
		c.categories[group.CategoryID] += group.Products
	}
	if c.within == nil || c.within[group.CategoryID] {
		c.bands[group.Band] += group.Products
	}
}

// starts are the bounds in minor units of the currency.
func starts(currency string) []int64 {
	unit := int64(100) // of a currency without minor units: its smallest note, rather than its coins
	if exponent, err := money.Exponent(currency); err == nil && exponent == 3 {
		unit = 1000
	}
	all := make([]int64, len(bounds))
	for i, bound := range bounds {
		all[i] = bound * unit
	}
	return all
}

// total is how many products fulfil all of the query.
func (c counts) total() (n int64) {
	for category, products := range c.categories {
		if c.within == nil || c.within[category] {
			n += products
		}
	}
	return n
}

// everywhere is how many there would be in any category.
func (c counts) everywhere() (n int64) {
	for _, products := range c.categories {
		n += products
	}
	return n
}

// facets shows what was counted: the categories from the top down, the bands from the lowest up.
func (c counts) facets(shelves tree, q query) Facets {
	shown := Facets{Categories: []CategoryCount{}, Prices: []PriceCount{}}
	shown.Categories = c.below(shelves, uuid.Nil, shown.Categories)
	limits := starts(q.currency)
	for i, least := range limits {
		products := c.bands[int32(i+1)] // Postgres counts buckets from 1
		if products == 0 {
			continue
		}
		band := PriceCount{Min: money.New(least, q.currency), Products: products}
		if i+1 < len(limits) {
			most := money.New(limits[i+1]-1, q.currency)
			band.Max = &most
		}
		shown.Prices = append(shown.Prices, band)
	}
	return shown
}

// below appends the categories inside one that have products.
func (c counts) below(shelves tree, parent uuid.UUID, shown []CategoryCount) []CategoryCount {
	for _, child := range shelves.children[parent] {
		var products int64
		for _, each := range shelves.within(child) {
			products += c.categories[each]
		}
		if products == 0 {
			continue
		}
		row := shelves.rows[child]
		shown = append(shown, CategoryCount{ID: row.ID, ParentID: row.ParentID, Slug: row.Slug, Name: row.Name, Products: products})
		shown = c.below(shelves, child, shown)
	}
	return shown
}
