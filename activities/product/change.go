package product

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
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
	CategoryID  *uuid.UUID      `json:"category_id,omitempty" format:"uuid" doc:"The category it is in from now on. A PUT without it takes it out of its category."`
	Images      *[]Image        `json:"images,omitempty" maxItems:"20" doc:"Replaces all pictures."`
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
	if in.Name == nil && in.Description == nil && in.Status == nil && in.CategoryID == nil && in.Images == nil && len(in.Prices) == 0 {
		return Product{}, ErrNothingToChange
	}
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if err := p.is(in.IfVersion); err != nil {
			return err
		}
		return p.apply(in.ProductChange)
	})
}

// ReplaceProductInput makes a product what NewProduct says, if it has not
// changed since the caller read it.
type ReplaceProductInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
	NewProduct
}

// ReplaceProduct replaces all of a product. A variant is known by its SKU: it
// keeps its id; one that is no longer named goes, and new ones come.
func (s *Service) ReplaceProduct(ctx context.Context, in ReplaceProductInput) (Product, error) {
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if err := p.is(in.IfVersion); err != nil {
			return err
		}
		p.become(in.NewProduct)
		return nil
	})
}

// ArchiveProductInput takes a product from the shelf that has not changed since
// the caller read it.
type ArchiveProductInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	IfVersion int64     `json:"if_version"`
}

// ArchiveProduct takes a product from the shelf. It is kept, for the orders that
// name it, and can be made active again. One that is archived already stays as
// it is.
func (s *Service) ArchiveProduct(ctx context.Context, in ArchiveProductInput) (Product, error) {
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if err := p.is(in.IfVersion); err != nil {
			return err
		}
		if p.Status == Archived {
			return errUnchanged
		}
		p.Status = Archived
		return nil
	})
}

// change changes a product by make, all of it in one transaction: the rows,
// what search finds, and the event. After errUnchanged it writes nothing.
func (s *Service) change(ctx context.Context, productID uuid.UUID, make func(*Product) error) (Product, error) {
	var before, after Product
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		before, after, err = changeIn(ctx, tx, productID, make)
		return err
	})
	// Also when the commit's outcome is unknown: forgetting costs one query.
	s.forget(before.changed())
	s.forget(after.changed())
	if err != nil {
		return Product{}, err
	}
	return after, nil
}

// changeIn is change in a transaction of the caller, who forgets what is cached.
func changeIn(ctx context.Context, tx pgx.Tx, productID uuid.UUID, make func(*Product) error) (before, after Product, err error) {
	db := productdb.New(tx)
	row, err := db.LockProduct(ctx, productID)
	if err != nil {
		return before, after, missing(err)
	}
	if before, err = withVariants(ctx, db, row); err != nil {
		return before, after, err
	}
	after = before
	after.Variants = slices.Clone(before.Variants)
	switch err := make(&after); {
	case err == errUnchanged: //nolint:errorlint // never wrapped, never leaves this package
		return before, before, nil
	case err != nil:
		return before, after, err
	}
	after.Version, after.UpdatedAt = before.Version+1, now()
	if err := after.check(); err != nil {
		return before, after, err
	}
	if err := saveProduct(ctx, db, before, after); err != nil {
		return before, after, err
	}
	return before, after, outbox.Append(ctx, tx, after.news(before))
}

// is refuses a change that is based on another version.
func (p *Product) is(version int64) error {
	if p.Version != version {
		return ErrProductStale.With("current_version", p.Version)
	}
	return nil
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
	if change.CategoryID != nil {
		p.CategoryID = change.CategoryID
	}
	if change.Images != nil {
		p.Images = append([]Image{}, *change.Images...)
	}
	for i, prices := range change.Prices {
		variant := p.variant(prices.VariantID)
		if variant == nil {
			pointer := fmt.Sprintf("#/prices/%d/variant_id", i)
			return ErrUnknownVariant.With("errors", []LineError{at(pointer, ErrUnknownVariant)})
		}
		variant.Prices = byCurrency(prices.Prices)
	}
	return nil
}

// become makes p what n says, in memory.
func (p *Product) become(n NewProduct) {
	wanted := n.product()
	for i := range wanted.Variants {
		wanted.Variants[i].ID = p.idOf(wanted.Variants[i].SKU)
	}
	p.Name, p.Description, p.Status = wanted.Name, wanted.Description, wanted.Status
	p.CategoryID, p.Images, p.Variants = wanted.CategoryID, wanted.Images, wanted.Variants
}

// idOf is the id of the variant with that SKU, a new one when there is none.
func (p *Product) idOf(sku string) uuid.UUID {
	for _, v := range p.Variants {
		if v.SKU == sku {
			return v.ID
		}
	}
	return id.New()
}

func (p *Product) variant(variantID uuid.UUID) *Variant {
	for i := range p.Variants {
		if p.Variants[i].ID == variantID {
			return &p.Variants[i]
		}
	}
	return nil
}

// changed is the product as others are told of it.
func (p *Product) changed() events.ProductChanged {
	changed := events.ProductChanged{ProductID: p.ID, Status: p.Status, CategoryID: p.CategoryID, Version: p.Version}
	for _, v := range p.Variants {
		changed.Variants = append(changed.Variants, events.ProductVariant{VariantID: v.ID, SKU: v.SKU, Prices: v.Prices})
	}
	return changed
}

// news is the event that says what p has become.
func (p *Product) news(before Product) cloudevent.Event {
	changed := p.changed()
	for _, v := range before.Variants {
		if p.variant(v.ID) == nil {
			changed.Removed = append(changed.Removed, v.ID)
		}
	}
	if p.Status == Archived && before.Status != Archived {
		return events.NewProductArchived(p.UpdatedAt, changed)
	}
	return events.NewProductUpdated(p.UpdatedAt, changed)
}
