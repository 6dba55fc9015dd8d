package product

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// variantID is the id of the i-th variant: the product's own for an only one.
func (in CreateProductInput) variantID(i int) uuid.UUID {
	if len(in.Variants) == 1 && i == 0 {
		return in.ProductID
	}
	return id.New()
}

func readProduct(ctx context.Context, db *productdb.Queries, productID uuid.UUID) (Product, error) {
	row, err := db.GetProduct(ctx, productID)
	if err != nil {
		return Product{}, missing(err)
	}
	return withVariants(ctx, db, row)
}

// missing turns the absence of a row into ErrProductNotFound.
func missing(err error) error {
	if pg.NotFound(err) {
		return ErrProductNotFound
	}
	return fmt.Errorf("read product: %w", err)
}

func withVariants(ctx context.Context, db *productdb.Queries, row productdb.Product) (Product, error) {
	products, err := allWithVariants(ctx, db, []productdb.Product{row})
	if err != nil {
		return Product{}, err
	}
	return products[0], nil
}

// allWithVariants completes products with their variants and prices, in two queries.
func allWithVariants(ctx context.Context, db *productdb.Queries, rows []productdb.Product) ([]Product, error) {
	products := make([]Product, len(rows))
	ids := make([]uuid.UUID, len(rows))
	place := make(map[uuid.UUID]*Product, len(rows))
	for i, row := range rows {
		products[i] = Product{
			ID: row.ID, Name: row.Name, Description: row.Description, Status: row.Status, CategoryID: row.CategoryID,
			Images: read[Image](row.Images), Variants: []Variant{},
			Version: row.Version, CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
		}
		ids[i], place[row.ID] = row.ID, &products[i]
	}
	variants, err := db.ListVariants(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list variants: %w", err)
	}
	prices, err := db.ListPrices(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list prices: %w", err)
	}
	priced := make(map[uuid.UUID][]money.Money, len(variants))
	for _, price := range prices {
		priced[price.VariantID] = append(priced[price.VariantID], money.New(price.Amount, price.Currency))
	}
	for _, v := range variants {
		p := place[v.ProductID]
		p.Variants = append(p.Variants, Variant{ID: v.ID, SKU: v.Sku, Name: v.Name, Options: read[Option](v.Options), WeightGrams: int64(v.WeightGrams), Prices: append([]money.Money{}, priced[v.ID]...)})
	}
	return products, nil
}

// read is a jsonb array that only this package has written; never nil.
func read[T any](document []byte) []T {
	list := []T{}
	if err := json.Unmarshal(document, &list); err != nil {
		panic(fmt.Sprintf("read %s from the database: %v", document, err))
	}
	return list
}

// write is a list as jsonb keeps it.
func write[T any](list []T) []byte {
	if len(list) == 0 {
		return []byte("[]")
	}
	document, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Sprintf("write %T: %v", list, err)) // strings only
	}
	return document
}

// sellables gathers the rows of each variant, one per price.
func sellables(rows []productdb.ListSellablesRow) map[uuid.UUID]sellable {
	found := make(map[uuid.UUID]sellable)
	for _, row := range rows {
		v, seen := found[row.VariantID]
		if !seen {
			v = sellable{productID: row.ProductID, sku: row.Sku, name: row.ProductName, active: row.Status == Active, grams: int64(row.WeightGrams)}
			if row.VariantName != "" {
				v.name += ", " + row.VariantName
			}
		}
		if row.Currency != nil && row.Amount != nil {
			v.prices = append(v.prices, money.New(*row.Amount, *row.Currency))
		}
		found[row.VariantID] = v
	}
	return found
}
