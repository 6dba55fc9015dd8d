package product

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// ExportProductsInput asks for a part of the catalogue, oldest first, whatever the status.
type ExportProductsInput struct {
	After uuid.UUID `json:"after"` // continue after this product; zero starts
}

// Exported is a part of the catalogue as an import takes it.
type Exported struct {
	Lines []CatalogueLine `json:"lines"` // none after the last
}

// ExportProducts answers the next products of the catalogue.
func (s *Service) ExportProducts(ctx context.Context, in ExportProductsInput) (Exported, error) {
	exported := Exported{Lines: []CatalogueLine{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := productdb.New(planned{conn})
		shelves, err := readTree(ctx, db)
		if err != nil {
			return err
		}
		rows, err := db.ListProducts(ctx, productdb.ListProductsParams{After: in.After, MaxRows: atOnce})
		if err != nil {
			return fmt.Errorf("list products: %w", err)
		}
		products, err := allWithVariants(ctx, db, rows)
		for i := range products {
			exported.Lines = append(exported.Lines, products[i].line(shelves))
		}
		return err
	})
	return exported, err
}

// line is p as a catalogue has it.
func (p *Product) line(shelves tree) CatalogueLine {
	l := CatalogueLine{ID: &p.ID, Name: p.Name, Description: p.Description, Status: p.Status, Images: p.Images}
	if p.CategoryID != nil {
		l.Category = shelves.rows[*p.CategoryID].Slug
	}
	for i := range p.Variants {
		v := &p.Variants[i]
		l.Variants = append(l.Variants, CatalogueVariant{ID: &v.ID, NewVariant: NewVariant{
			SKU: v.SKU, Name: v.Name, Options: v.Options, WeightGrams: v.WeightGrams, Prices: v.Prices,
		}})
	}
	return l
}
