package events

import (
	"time"

	"github.com/google/uuid"

	"kassa/internal/cloudevent"
	"kassa/internal/money"
)

// What the product service tells. Subject: product id.
const (
	ProductCreated  = "product.created"
	ProductUpdated  = "product.updated"
	ProductArchived = "product.archived" // instead of product.updated, when it becomes archived
)

// ProductChanged is the payload of all of them: the product after the change.
type ProductChanged struct {
	ProductID  uuid.UUID        `json:"product_id"`
	Status     string           `json:"status"`                // draft, active, archived
	CategoryID *uuid.UUID       `json:"category_id,omitempty"` // nil for none
	Version    int64            `json:"version"`
	Variants   []ProductVariant `json:"variants"`
	Removed    []uuid.UUID      `json:"removed,omitempty"` // variants that the change took away
}

// ProductVariant is a variant of the product.
type ProductVariant struct {
	VariantID uuid.UUID     `json:"variant_id"`
	SKU       string        `json:"sku"`
	Prices    []money.Money `json:"prices"` // of one unit, one per currency
}

// NewProductCreated says that there is a new product.
func NewProductCreated(at time.Time, product ProductChanged) cloudevent.Event {
	return New("product", ProductCreated, product.ProductID, product.Version, at, product)
}

// NewProductUpdated says that a product, a variant or a price changed.
func NewProductUpdated(at time.Time, product ProductChanged) cloudevent.Event {
	return New("product", ProductUpdated, product.ProductID, product.Version, at, product)
}

// NewProductArchived says that a product is no longer shown or sold.
func NewProductArchived(at time.Time, product ProductChanged) cloudevent.Event {
	return New("product", ProductArchived, product.ProductID, product.Version, at, product)
}
