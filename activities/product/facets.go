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

// asked is what counts depend on.
type asked struct {
	category    uuid.UUID
	currency    string
	least, most int64 // -1 for any
	inStock     bool
}

// counts is what was counted; by category of the products themselves.
type counts struct {
	categories map[uuid.UUID]int64
	bands      map[int32]int64
}

// newCounts makes the cache of counts.
func newCounts() *otter.Cache[asked, counts] {
	return otter.Must(&otter.Options[asked, counts]{MaximumSize: 1000, ExpiryCalculator: otter.ExpiryWriting[asked, counts](countFor)})
}

// newShelves makes the cache of the one tree of categories.
func newShelves() *otter.Cache[struct{}, tree] {
	return otter.Must(&otter.Options[struct{}, tree]{MaximumSize: 1, ExpiryCalculator: otter.ExpiryWriting[struct{}, tree](shelfFor)})
}

// shelves is the tree of categories, some seconds old at most. A change by this
// process shows at once.
func (s *Service) shelves(ctx context.Context, db *productdb.Queries) (tree, error) {
	if known, ok := s.trees.GetIfPresent(struct{}{}); ok {
		return known, nil
	}
	read, err := readTree(ctx, db)
	if err == nil {
		s.trees.Set(struct{}{}, read)
	}
	return read, err
}

// count counts what is found without words: from the cache, or anew.
func (s *Service) count(ctx context.Context, db *productdb.Queries, q query) (counts, error) {
	key := asked{category: q.category, currency: q.currency, inStock: q.inStock, least: -1, most: -1}
	if q.least != nil {
		key.least = *q.least
	}
	if q.most != nil {
		key.most = *q.most
	}
	if known, ok := s.counts.GetIfPresent(key); ok {
		return known, nil
	}
	rows, err := db.CountFacets(ctx, productdb.CountFacetsParams{
		Currency: q.currency, InStock: q.inStock, MinPrice: q.least, MaxPrice: q.most, Bounds: starts(q.currency),
	})
	if err != nil {
		return counts{}, fmt.Errorf("count facets: %w", err)
	}
	counted := newCount()
	for _, row := range rows {
		counted.add(q, row)
	}
	s.counts.Set(key, counted)
	return counted, nil
}

func newCount() counts {
	return counts{categories: map[uuid.UUID]int64{}, bands: map[int32]int64{}}
}

// add counts products for their category when their price fits, and for their
// band of prices when their category does.
func (c counts) add(q query, row productdb.CountFacetsRow) {
	if row.Within {
		c.categories[row.CategoryID] += row.Products
	}
	if q.within == nil || slices.Contains(q.within, row.CategoryID) {
		c.bands[row.Band] += row.Products
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
func (c counts) total(q query) (n int64) {
	if q.within == nil {
		for _, products := range c.categories {
			n += products
		}
		return n
	}
	for _, category := range q.within {
		n += c.categories[category]
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
