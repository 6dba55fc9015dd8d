package product

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// Orders of what was found.
const (
	ByRelevance = "relevance" // the best first; as ByNewest without words to search for
	ByNewest    = "newest"
	ByPrice     = "price_asc"
	ByPriceDown = "price_desc"
)

// SearchProductsInput says what to look for among the active products with a
// price in Currency. What is left empty selects nothing out.
type SearchProductsInput struct {
	Query    string      `json:"query,omitempty"`    // words, all of which must occur
	Category string      `json:"category,omitempty"` // id or slug; those below it count too
	Currency string      `json:"currency,omitempty"` // "" means EUR
	MinPrice int64       `json:"min_price,omitempty"`
	MaxPrice int64       `json:"max_price,omitempty"` // 0 means no limit
	InStock  bool        `json:"in_stock,omitempty"`  // only what is available
	Sort     string      `json:"sort,omitempty"`      // "" means ByRelevance
	After    *SearchMark `json:"after,omitempty"`     // continue after this; nil starts
	Limit    int         `json:"limit"`               // at most 100, which 0 means too
}

// SearchMark is a place in what was found.
type SearchMark struct {
	ProductID uuid.UUID `json:"p"`
	Rank      float64   `json:"r,omitempty"` // what it was sorted by, when it was
	Price     int64     `json:"a,omitempty"` // of the cheapest variant, in minor units
}

// Found is one page of what a search has found.
type Found struct {
	Hits      []Hit       `json:"hits"`
	Total     int64       `json:"total"`          // how many there are on all pages
	Corrected string      `json:"corrected"`      // what was looked for instead of the query, "" for the query itself
	Facets    Facets      `json:"facets"`         //
	Next      *SearchMark `json:"next,omitempty"` // where the next page starts; nil on the last
}

// Hit is a product as a list of results shows it.
type Hit struct {
	ID         uuid.UUID   `json:"id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Name       string      `json:"name" example:"Mug"`
	CategoryID *uuid.UUID  `json:"category_id,omitempty" format:"uuid" doc:"The category it is in; absent for none." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2f"`
	Image      *Image      `json:"image,omitempty" doc:"Its main picture; absent when it has none."`
	Price      money.Money `json:"price" doc:"Price of its cheapest variant."`
	InStock    bool        `json:"in_stock" doc:"Whether any of its variants is available, as far as is known: checkout decides."`
}

// query is a SearchProductsInput with everything looked up.
type query struct {
	words    *string     // as a tsquery; nil for none
	within   []uuid.UUID // categories; nil for any
	currency string
	least    *int64 // nil for any
	most     *int64
	inStock  bool
	limit    int
	after    *SearchMark
}

// SearchProducts finds products by their words, forgives typing errors, and
// counts what there is per category and price. Without words, the counts may be
// some seconds old.
func (s *Service) SearchProducts(ctx context.Context, in SearchProductsInput) (Found, error) {
	if _, err := money.Exponent(cmp.Or(in.Currency, defaultCurrency)); err != nil {
		return Found{}, ErrUnknownCurrency
	}
	var found Found
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := productdb.New(planned{conn})
		shelves, err := s.shelves(ctx, db)
		if err != nil {
			return err
		}
		q, err := in.lookUp(shelves)
		if errors.Is(err, ErrUnknownCategory) { // it may be newer than what this process knows
			s.trees.Invalidate(struct{}{})
			if shelves, err = s.shelves(ctx, db); err == nil {
				q, err = in.lookUp(shelves)
			}
		}
		if err != nil {
			return err
		}
		if q.words, found.Corrected, err = understand(ctx, db, in.Query); err != nil {
			return err
		}
		var rows []productdb.SearchShelvesRow
		var counted counts
		if q.words != nil {
			rows, counted, err = q.match(ctx, db, in.Sort)
		} else if counted, err = s.count(ctx, db, q); err == nil {
			rows, err = q.walk(ctx, db, in.Sort, counted)
		}
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		if len(rows) > q.limit {
			rows = rows[:q.limit]
			last := rows[q.limit-1]
			found.Next = &SearchMark{ProductID: last.ProductID, Rank: last.Rank, Price: last.Price}
		}
		found.Hits = hits(rows, q.currency)
		found.Facets, found.Total = counted.facets(shelves, q), counted.total()
		return nil
	})
	return found, err
}

// lookUp fills in what in leaves open.
func (in SearchProductsInput) lookUp(shelves tree) (query, error) {
	q := query{
		currency: cmp.Or(in.Currency, defaultCurrency), inStock: in.InStock, limit: in.Limit, after: in.After,
	}
	if in.MinPrice > 0 {
		q.least = &in.MinPrice
	}
	if in.MaxPrice > 0 {
		q.most = &in.MaxPrice
	}
	if q.limit <= 0 || q.limit > 100 {
		q.limit = 100
	}
	if in.Category == "" {
		return q, nil
	}
	category, err := shelves.find(in.Category)
	if err == nil {
		q.within = shelves.within(category)
	}
	return q, err
}

// match finds what has the words, and counts it in the same statement. It asks for
// one row more than the page has, to know whether there is another page.
func (q query) match(ctx context.Context, db *productdb.Queries, sort string) ([]productdb.SearchShelvesRow, counts, error) {
	params := productdb.SearchWordsParams{
		Query: *q.words, Categories: q.within, Currency: q.currency, InStock: q.inStock, MinPrice: q.least, MaxPrice: q.most,
		Sort: sort, MaxRows: int32(q.limit) + 1, Bounds: starts(q.currency),
	}
	if q.after != nil {
		params.AfterRank, params.After = &q.after.Rank, q.after.ProductID
	}
	found, err := db.SearchWords(ctx, params)
	if err != nil {
		return nil, counts{}, err
	}
	hits, counted := []productdb.SearchShelvesRow{}, newCount(q)
	for _, h := range read[wordsHit](found.Hits) {
		hits = append(hits, productdb.SearchShelvesRow{
			ProductID: h.ProductID, CategoryID: h.CategoryID, InStock: h.InStock, Price: h.Price, Rank: h.Rank, Name: h.Name, Images: h.Images,
		})
	}
	for _, group := range read[wordsCount](found.Counts) {
		counted.add(productdb.CountFacetsRow(group))
	}
	return hits, counted, nil
}

// wordsHit and wordsCount are what SearchWords answers as JSON.
type (
	wordsHit struct {
		ProductID  uuid.UUID       `json:"product_id"`
		CategoryID *uuid.UUID      `json:"category_id"`
		InStock    bool            `json:"in_stock"`
		Price      int64           `json:"price"`
		Rank       float64         `json:"rank"`
		Name       string          `json:"name"`
		Images     json.RawMessage `json:"images"`
	}
	wordsCount struct {
		CategoryID uuid.UUID `json:"category_id"`
		Band       int32     `json:"band"`
		Within     bool      `json:"within"`
		Products   int64     `json:"products"`
	}
)

// walk goes through the catalogue without words to look for, with one row more than
// the page has. What the counts tell decides how: in the order of prices it passes
// the products of all categories until the page is full, which takes long for a small
// category, where finding all that there is and sorting it does not.
func (q query) walk(ctx context.Context, db *productdb.Queries, sort string, counted counts) ([]productdb.SearchShelvesRow, error) {
	rows, after := int32(q.limit)+1, q.after
	if after == nil {
		after = &SearchMark{}
	}
	byPrice := productdb.SearchDearestParams{
		Currency: q.currency, Categories: q.within, InStock: q.inStock, MinPrice: q.least, MaxPrice: q.most, After: after.ProductID, MaxRows: rows,
	}
	if q.after != nil {
		byPrice.AfterPrice = &after.Price
	}
	n := counted.total()
	passed := int64(rows) * counted.everywhere() / max(n, 1)
	switch open := q.within == nil || passed < n; {
	case open && sort == ByPrice:
		found, err := db.SearchCheapest(ctx, productdb.SearchCheapestParams(byPrice))
		return rowsOf(found, func(r productdb.SearchCheapestRow) productdb.SearchNewestRow { return productdb.SearchNewestRow(r) }), err
	case open && sort == ByPriceDown:
		found, err := db.SearchDearest(ctx, byPrice)
		return rowsOf(found, func(r productdb.SearchDearestRow) productdb.SearchNewestRow { return productdb.SearchNewestRow(r) }), err
	case sort != ByPrice && sort != ByPriceDown:
		params := productdb.SearchNewestParams{
			Currency: q.currency, Categories: q.within, InStock: q.inStock, MinPrice: q.least, MaxPrice: q.most, MaxRows: rows,
		}
		if q.after != nil {
			params.After = &after.ProductID
		}
		found, err := db.SearchNewest(ctx, params)
		return rowsOf(found, func(r productdb.SearchNewestRow) productdb.SearchNewestRow { return r }), err
	default:
		params := productdb.SearchShelvesParams{
			Currency: q.currency, Sort: sort, Categories: q.within, InStock: q.inStock,
			MinPrice: q.least, MaxPrice: q.most, After: after.ProductID, MaxRows: rows,
		}
		if q.after != nil { // the page before may have come by the other way, which has no rank
			rank := float64(after.Price)
			if sort == ByPrice {
				rank = -rank
			}
			params.AfterRank = &rank
		}
		return db.SearchShelves(ctx, params)
	}
}

// rowsOf makes rows of one order those of another.
func rowsOf[R any](rows []R, as func(R) productdb.SearchNewestRow) []productdb.SearchShelvesRow {
	all := make([]productdb.SearchShelvesRow, len(rows))
	for i, row := range rows {
		r := as(row)
		all[i] = productdb.SearchShelvesRow{
			ProductID: r.ProductID, CategoryID: r.CategoryID, InStock: r.InStock, Price: r.Price, Name: r.Name, Images: r.Images,
		}
	}
	return all
}

func hits(rows []productdb.SearchShelvesRow, currency string) []Hit {
	all := make([]Hit, len(rows))
	for i, row := range rows {
		all[i] = Hit{
			ID: row.ProductID, Name: row.Name, CategoryID: row.CategoryID, Price: money.New(row.Price, currency), InStock: row.InStock,
		}
		if images := read[Image](row.Images); len(images) > 0 {
			all[i].Image = &images[0]
		}
	}
	return all
}
