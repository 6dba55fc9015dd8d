package product

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// AddVariantInput adds a variant once per VariantID.
type AddVariantInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	VariantID uuid.UUID `json:"variant_id" format:"uuid"`
	NewVariant
}

// AddVariant adds a variant after the others and answers the product. A repeat
// with the same id changes nothing.
func (s *Service) AddVariant(ctx context.Context, in AddVariantInput) (Product, error) {
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if p.variant(in.VariantID) != nil {
			return errUnchanged
		}
		p.Variants = append(p.Variants, in.variant(in.VariantID))
		return nil
	})
}

// ReplaceVariantInput makes a variant what NewVariant says, if the product has
// not changed since the caller read it.
type ReplaceVariantInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	VariantID uuid.UUID `json:"variant_id" format:"uuid"`
	IfVersion int64     `json:"if_version"` // of the product
	NewVariant
}

// ReplaceVariant replaces all of a variant but its id and its place, and answers
// the product.
func (s *Service) ReplaceVariant(ctx context.Context, in ReplaceVariantInput) (Product, error) {
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if err := p.is(in.IfVersion); err != nil {
			return err
		}
		variant := p.variant(in.VariantID)
		if variant == nil {
			return ErrVariantNotFound
		}
		*variant = in.variant(in.VariantID)
		return nil
	})
}

// RemoveVariantInput takes a variant from a product that has not changed since
// the caller read it.
type RemoveVariantInput struct {
	ProductID uuid.UUID `json:"product_id" format:"uuid"`
	VariantID uuid.UUID `json:"variant_id" format:"uuid"`
	IfVersion int64     `json:"if_version"` // of the product
}

// RemoveVariant takes a variant away and answers the product. Orders keep what
// they need of it in their own lines. The last variant stays: ErrLastVariant.
func (s *Service) RemoveVariant(ctx context.Context, in RemoveVariantInput) (Product, error) {
	return s.change(ctx, in.ProductID, func(p *Product) error {
		if err := p.is(in.IfVersion); err != nil {
			return err
		}
		if p.variant(in.VariantID) == nil {
			return ErrVariantNotFound
		}
		if len(p.Variants) == 1 {
			return ErrLastVariant
		}
		p.Variants = slices.DeleteFunc(p.Variants, func(v Variant) bool { return v.ID == in.VariantID })
		return nil
	})
}
