package cartapi

import (
	"time"

	"github.com/google/uuid"

	"kassa/activities/cart"
	"kassa/internal/money"
)

// Cart is a cart with what it costs now.
type Cart struct {
	ID             *uuid.UUID   `json:"id,omitempty" format:"uuid" doc:"The cart; absent while it has never been used." example:"01993c60-1f2b-7a44-8c11-2b7d9e0f3a55"`
	Currency       string       `json:"currency" doc:"ISO 4217 code that it is priced in." example:"EUR"`
	Country        string       `json:"country,omitempty" doc:"Where it would go; absent when nobody has said." example:"DE"`
	ShippingOption string       `json:"shipping_option" doc:"How it would be shipped." example:"standard"`
	Coupon         string       `json:"coupon,omitempty" doc:"The coupon that was entered." example:"WELCOME10"`
	Lines          []CartLine   `json:"lines" nullable:"false" doc:"What is in it, in the order in which it came."`
	Subtotal       *money.Money `json:"subtotal,omitempty" doc:"Sum of the lines that can be bought. Absent, as all totals, when prices cannot be had at the moment."`
	Discount       *money.Money `json:"discount,omitempty" doc:"What the coupon takes off."`
	Shipping       *money.Money `json:"shipping,omitempty"`
	Tax            *money.Money `json:"tax,omitempty" doc:"Tax on top of the prices; 0 where they include it."`
	TaxIncluded    *money.Money `json:"tax_included,omitempty" doc:"Tax that the total contains, for information."`
	Total          *money.Money `json:"total,omitempty" doc:"subtotal − discount + shipping + tax. Nothing is promised: the checkout asks again."`
	Warnings       []Warning    `json:"warnings" nullable:"false" doc:"What keeps the cart, or a part of it, from being bought like this."`
	Version        int64        `json:"version" doc:"Counts the changes of the cart, from 1 for one that has never been used; the ETag." example:"3"`
	UpdatedAt      *time.Time   `json:"updated_at,omitempty" doc:"When it last changed." example:"2026-01-15T09:30:00Z"`
}

// CartLine is what is in a cart of one variant.
type CartLine struct {
	ID        uuid.UUID    `json:"id" format:"uuid" doc:"The line." example:"01993c60-2a11-7b20-9c4e-6d1f2a3b4c5d"`
	VariantID uuid.UUID    `json:"variant_id" format:"uuid" doc:"The variant." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	ProductID *uuid.UUID   `json:"product_id,omitempty" format:"uuid" doc:"Its product." example:"01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e"`
	SKU       string       `json:"sku,omitempty" doc:"Stock keeping unit." example:"MUG-RED"`
	Name      string       `json:"name,omitempty" doc:"Product and variant, to be shown." example:"Mug, red"`
	Quantity  int64        `json:"quantity" doc:"Pieces." example:"2"`
	UnitPrice *money.Money `json:"unit_price,omitempty" doc:"Price of one now; absent when it cannot be bought, or prices cannot be had."`
	Total     *money.Money `json:"total,omitempty" doc:"unit_price × quantity."`
	Changes   []LineChange `json:"changes" nullable:"false" doc:"What is other than when the customer last touched the line; changing its quantity, even to the same, says that they know."`
	AddedAt   time.Time    `json:"added_at" doc:"When it came into the cart." example:"2026-01-15T09:30:00Z"`
}

// LineChange is something that happened to a line since the customer saw it.
type LineChange struct {
	Code      string       `json:"code" enum:"price_changed,unavailable,insufficient_stock" doc:"price_changed: it costs something else. unavailable: it cannot be bought. insufficient_stock: there are fewer than wanted." example:"price_changed"`
	Before    *money.Money `json:"before,omitempty" doc:"Price of one as the customer saw it; of price_changed."`
	Now       *money.Money `json:"now,omitempty" doc:"Price of one now; of price_changed."`
	Reason    string       `json:"reason,omitempty" doc:"Why it cannot be bought: unknown_variant, not_for_sale or no_price; of unavailable." example:"not_for_sale"`
	Available *int64       `json:"available,omitempty" doc:"How many there are; of insufficient_stock." example:"1"`
}

// Warning is about the cart as a whole.
type Warning struct {
	Code    string `json:"code" doc:"The code that a checkout would be refused with, or prices_unavailable." example:"coupon_minimum"`
	Message string `json:"message" doc:"One sentence to show." example:"The order is below the coupon's minimum."`
}

// unpriced is what the cart service knows of a cart.
func unpriced(c cart.Cart) Cart {
	shown := Cart{
		ID: c.ID, Currency: c.Currency, Country: c.Country, ShippingOption: c.ShippingOption, Coupon: c.Coupon,
		Lines: make([]CartLine, len(c.Lines)), Warnings: []Warning{}, Version: c.Version, UpdatedAt: c.UpdatedAt,
	}
	for i, line := range c.Lines {
		shown.Lines[i] = CartLine{ID: line.ID, VariantID: line.VariantID, Quantity: line.Quantity, Changes: []LineChange{}, AddedAt: line.AddedAt}
	}
	return shown
}
