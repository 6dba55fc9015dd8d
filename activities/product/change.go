package product

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/money"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/productdb"
)

// ProductChange is what shall be different; a member left out stays.
type ProductChange struct { //nolint:revive // the schema is called ProductChange
	Name        *string         `json:"name,omitempty" minLength:"1" maxLength:"200" example:"Large mug"`
	Description *string         `json:"description,omitempty" maxLength:"10000" example:"Holds 0.5 l."`
	Status      *string         `json:"status,omitempty" enum:"draft,active,archived" example:"archived"`
	Prices      []VariantPrices `json:"prices,omitempty" maxItems:"100" doc:"New prices of the variants it names; the others keep theirs."`
}

// VariantPrices replaces all prices of a variant.
type VariantPrices struct {
	VariantID uuid.UUID     `json:"variant_id" format:"uuid" example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	Prices    []money.Money `json:"prices" maxItems:"40" nullable:"false" doc:"Price of one unit, tax included; one per currency. A currency left out is no longer sold in."`
}

// UpdateProductInput changes a product that has not changed since the caller read it.
type UpdateProductInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	ProductChange
}

// UpdateProduct changes a product and its prices. From the moment it answers,
// this process quotes the new prices; the others follow by product.updated.
func (s *Service) UpdateProduct(ctx context.Context, in UpdateProductInput) (Product, error) {
	if in.Name == nil && in.Description == nil && in.Status == nil && len(in.Prices) == 0 {
		return Product{}, ErrNothingToChange
	}
	var product Product
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := productdb.New(tx)
		row, err := db.LockProduct(ctx, in.ProductID)
		if err != nil {
			return missing(err)
		}
		if product, err = withVariants(ctx, db, row); err != nil {
			return err
		}
		if product.Version != in.IfVersion {
			return ErrProductStale.With("current_version", product.Version)
		}
		if err := product.apply(in.ProductChange); err != nil {
			return err
		}
		if err := updateProduct(ctx, db, product, in.Prices); err != nil {
			return err
		}
		return outbox.Append(ctx, tx, events.NewProductUpdated(product.UpdatedAt, product.changed()))
	})
	// Also when the commit's outcome is unknown: forgetting costs one query.
	s.forget(product.changed())
	if err != nil {
		return Product{}, err
	}
	return product, nil
}

// Hear makes s forget what product.created and product.updated say has changed,
// in the consumer that every instance has.
func Hear(s *Service) func(cloudevent.Event) {
	return func(event cloudevent.Event) {
		changed, err := events.Decode[events.ProductChanged](event)
		if err != nil {
			s.sellables.InvalidateAll() // it says that something changed, if not what
			return
		}
		s.forget(changed)
	}
}

func (s *Service) forget(changed events.ProductChanged) {
	for _, variant := range changed.Variants {
		s.sellables.Invalidate(variant.VariantID)
	}
}

// apply makes the change in memory.
func (p *Product) apply(change ProductChange) error {
	if change.Name != nil {
		p.Name = *change.Name
	}
	if change.Description != nil {
		p.Description = *change.Description
	}
	if change.Status != nil {
		p.Status = *change.Status
	}
	for i, prices := range change.Prices {
		variant := p.variant(prices.VariantID)
		if variant == nil {
			pointer := fmt.Sprintf("#/prices/%d/variant_id", i)
			return ErrUnknownVariant.With("errors", []LineError{at(pointer, ErrUnknownVariant)})
		}
		variant.Prices = byCurrency(prices.Prices)
	}
	p.Version++
	p.UpdatedAt = now()
	return p.check()
}

func (p *Product) variant(id uuid.UUID) *Variant {
	for i := range p.Variants {
		if p.Variants[i].ID == id {
			return &p.Variants[i]
		}
	}
	return nil
}

// updateProduct writes a changed product and the prices of the variants named.
func updateProduct(ctx context.Context, db *productdb.Queries, p Product, repriced []VariantPrices) error {
	err := db.UpdateProduct(ctx, productdb.UpdateProductParams{
		ID: p.ID, Name: p.Name, Description: p.Description, Status: p.Status, UpdatedAt: p.UpdatedAt,
	})
	if err != nil {
		return fmt.Errorf("update product %s: %w", p.ID, err)
	}
	if len(repriced) == 0 {
		return nil
	}
	var ids []uuid.UUID
	for _, r := range repriced {
		ids = append(ids, r.VariantID)
	}
	var variants []Variant
	for _, v := range p.Variants {
		if slices.Contains(ids, v.ID) {
			variants = append(variants, v)
		}
	}
	if err := db.DeletePrices(ctx, ids); err != nil {
		return fmt.Errorf("delete prices of product %s: %w", p.ID, err)
	}
	return insertPrices(ctx, db, variants)
}
