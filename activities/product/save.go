package product

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// errUnchanged ends a change that would change nothing.
var errUnchanged = errors.New("nothing changes")

// insertProduct writes a new product. It answers false when it exists already.
func insertProduct(ctx context.Context, db *productdb.Queries, p Product) (bool, error) {
	added, err := db.InsertProduct(ctx, productdb.InsertProductParams{
		ID: p.ID, Name: p.Name, Description: p.Description, Status: p.Status,
		CategoryID: p.CategoryID, Images: write(p.Images), CreatedAt: p.CreatedAt,
	})
	if err != nil {
		return false, refusal(fmt.Errorf("insert product %s: %w", p.ID, err))
	}
	if added == 0 {
		return false, nil
	}
	if err := insertVariants(ctx, db, p.ID, p.Variants, 0); err != nil {
		return false, err
	}
	if err := insertPrices(ctx, db, p.Variants); err != nil {
		return false, err
	}
	return true, list(ctx, db, p.ID)
}

// insertProducts writes new products, all at once.
func insertProducts(ctx context.Context, db *productdb.Queries, products []Product) error {
	rows := productdb.InsertProductsParams{CreatedAt: products[0].CreatedAt}
	var variants []Variant
	var columnsOf productdb.InsertVariantsParams
	for i := range products {
		p := &products[i]
		category := uuid.Nil
		if p.CategoryID != nil {
			category = *p.CategoryID
		}
		p.CreatedAt, p.UpdatedAt = rows.CreatedAt, rows.CreatedAt
		rows.Ids, rows.Names, rows.Descriptions = append(rows.Ids, p.ID), append(rows.Names, p.Name), append(rows.Descriptions, p.Description)
		rows.Statuses, rows.CategoryIds, rows.Images = append(rows.Statuses, p.Status), append(rows.CategoryIds, category), append(rows.Images, write(p.Images))
		appendColumns(&columnsOf, p.ID, p.Variants, 0)
		variants = append(variants, p.Variants...)
	}
	if err := db.InsertProducts(ctx, rows); err != nil {
		return refusal(fmt.Errorf("insert products: %w", err))
	}
	if err := db.InsertVariants(ctx, columnsOf); err != nil {
		return refusal(fmt.Errorf("insert variants: %w", err))
	}
	if err := insertPrices(ctx, db, variants); err != nil {
		return err
	}
	return list(ctx, db, rows.Ids...)
}

// list makes what search finds what the products are.
func list(ctx context.Context, db *productdb.Queries, products ...uuid.UUID) error {
	if err := db.ListForSearch(ctx, products); err != nil {
		return fmt.Errorf("list for search: %w", err)
	}
	return nil
}

// saveProduct writes what makes after another product than before.
func saveProduct(ctx context.Context, db *productdb.Queries, before, after Product) error {
	err := db.UpdateProduct(ctx, productdb.UpdateProductParams{
		ID: after.ID, Name: after.Name, Description: after.Description, Status: after.Status,
		CategoryID: after.CategoryID, Images: write(after.Images), UpdatedAt: after.UpdatedAt,
	})
	if err != nil {
		return refusal(fmt.Errorf("update product %s: %w", after.ID, err))
	}
	var removed, repriced []uuid.UUID
	for _, v := range before.Variants {
		if after.variant(v.ID) == nil {
			removed = append(removed, v.ID)
		}
	}
	var kept, added, priced []Variant
	for _, v := range after.Variants {
		was := before.variant(v.ID)
		if was == nil {
			added = append(added, v)
		} else {
			kept = append(kept, v)
		}
		if was == nil || !slices.Equal(was.Prices, v.Prices) {
			repriced, priced = append(repriced, v.ID), append(priced, v)
		}
	}
	if gone := append(repriced, removed...); len(gone) > 0 {
		if err := db.DeletePrices(ctx, gone); err != nil {
			return fmt.Errorf("delete prices of product %s: %w", after.ID, err)
		}
	}
	if len(removed) > 0 {
		if err := db.DeleteVariants(ctx, removed); err != nil {
			return fmt.Errorf("delete variants of product %s: %w", after.ID, err)
		}
	}
	if err := saveVariants(ctx, db, before, after, kept, added); err != nil {
		return err
	}
	if err := insertPrices(ctx, db, priced); err != nil {
		return err
	}
	return list(ctx, db, after.ID)
}

// saveVariants writes the variants that stay, unless they are as before, and those that come.
func saveVariants(ctx context.Context, db *productdb.Queries, before, after Product, kept, added []Variant) error {
	if !slices.EqualFunc(before.Variants, after.Variants, Variant.looksLike) && len(kept) > 0 {
		rows := columns(after.ID, after.Variants, 0)
		err := db.UpdateVariants(ctx, productdb.UpdateVariantsParams{
			Ids: rows.Ids, Positions: rows.Positions, Skus: rows.Skus, Names: rows.Names, Options: rows.Options, Weights: rows.Weights,
		})
		if err != nil {
			return refusal(fmt.Errorf("update variants of %s: %w", after.ID, err))
		}
	}
	for _, v := range added {
		if err := insertVariants(ctx, db, after.ID, []Variant{v}, slices.IndexFunc(after.Variants, func(each Variant) bool { return each.ID == v.ID })); err != nil {
			return err
		}
	}
	return nil
}

// looksLike reports whether v is w, whatever they cost.
func (v Variant) looksLike(w Variant) bool {
	return v.ID == w.ID && v.SKU == w.SKU && v.Name == w.Name && v.WeightGrams == w.WeightGrams && slices.Equal(v.Options, w.Options)
}

// insertVariants writes new variants of a product from a position on.
func insertVariants(ctx context.Context, db *productdb.Queries, productID uuid.UUID, variants []Variant, position int) error {
	if err := db.InsertVariants(ctx, columns(productID, variants, position)); err != nil {
		return refusal(fmt.Errorf("insert variants of %s: %w", productID, err))
	}
	return nil
}

// columns are variants as the statements want them.
func columns(productID uuid.UUID, variants []Variant, position int) productdb.InsertVariantsParams {
	var rows productdb.InsertVariantsParams
	appendColumns(&rows, productID, variants, position)
	return rows
}

func appendColumns(rows *productdb.InsertVariantsParams, productID uuid.UUID, variants []Variant, position int) {
	for i, v := range variants {
		rows.Ids = append(rows.Ids, v.ID)
		rows.ProductIds = append(rows.ProductIds, productID)
		rows.Positions = append(rows.Positions, int32(position+i))
		rows.Skus = append(rows.Skus, v.SKU)
		rows.Names = append(rows.Names, v.Name)
		rows.Options = append(rows.Options, write(v.Options))
		rows.Weights = append(rows.Weights, int32(v.WeightGrams))
	}
}

func insertPrices(ctx context.Context, db *productdb.Queries, variants []Variant) error {
	var ids []uuid.UUID
	var currencies []string
	var amounts []int64
	for _, v := range variants {
		for _, price := range v.Prices {
			ids = append(ids, v.ID)
			currencies = append(currencies, price.Currency)
			amounts = append(amounts, price.Amount)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := db.InsertPrices(ctx, ids, currencies, amounts); err != nil {
		return fmt.Errorf("insert prices: %w", err)
	}
	return nil
}

// refusal turns the constraint that err violates into the fault it stands for.
func refusal(err error) error {
	switch pg.Constraint(err) {
	case "variants_sku":
		return ErrSKUTaken.Because(err)
	case "products_pkey", "variants_pkey":
		return ErrImportAmbiguous.Because(err)
	case "products_category":
		return ErrUnknownCategory.Because(err).With("errors", []LineError{at("#/category_id", ErrUnknownCategory)})
	default:
		return err
	}
}
