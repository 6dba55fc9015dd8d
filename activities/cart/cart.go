package cart

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// Limits of one cart, those of an order.
const (
	MaxLines    = 100
	MaxQuantity = 10_000 // pieces in one line
)

// What a new cart has.
const (
	DefaultCurrency = "EUR"
	DefaultShipping = "standard"
)

// Owner says whose cart is meant: a customer's, or the guest's that has an id.
type Owner struct {
	UserID uuid.UUID `json:"user_id"` // zero for a guest
	CartID uuid.UUID `json:"cart_id"` // of a guest; zero for one who has none yet
}

// Cart is what somebody is about to buy, without prices.
type Cart struct {
	ID             *uuid.UUID `json:"id,omitempty"` // nil when it has never been used
	Currency       string     `json:"currency"`
	Country        string     `json:"country,omitempty"` // "" when nobody has said
	ShippingOption string     `json:"shipping_option"`
	Coupon         string     `json:"coupon,omitempty"` // "" when none was entered
	Lines          []Line     `json:"lines"`            // in the order in which they came
	Version        int64      `json:"version"`          // 1 when it has never been used
	UpdatedAt      *time.Time `json:"updated_at,omitempty"`
}

// Line is what is in a cart of one variant.
type Line struct {
	ID        uuid.UUID `json:"id"`
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"`             // pieces
	SeenPrice *int64    `json:"seen_price,omitempty"` // of one, in minor units of the cart's currency; nil when unknown
	AddedAt   time.Time `json:"added_at"`
}

// ReadCartInput says whose cart to read.
type ReadCartInput struct {
	Owner
}

// ReadCart answers what is in a cart. One that does not exist is empty.
func (s *Service) ReadCart(ctx context.Context, in ReadCartInput) (Cart, error) {
	cart := unused()
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		db := cartdb.New(conn)
		row, err := in.find(ctx, db)
		if pg.NotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		cart, err = withLines(ctx, db, row)
		return err
	})
	return cart, err
}

// ReadCheckoutCartInput names a customer.
type ReadCheckoutCartInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// CheckoutCart is a cart as an order is made of it.
type CheckoutCart struct {
	CartID         uuid.UUID      `json:"cart_id"`
	Version        int64          `json:"version"` // the order's: order.confirmed empties this version
	Currency       string         `json:"currency"`
	Country        string         `json:"country,omitempty"` // "" when nobody has said
	ShippingOption string         `json:"shipping_option"`
	Coupon         string         `json:"coupon,omitempty"` // "" when none was entered
	Lines          []CheckoutLine `json:"lines"`            // one at least
}

// CheckoutLine is how many pieces of a variant to buy.
type CheckoutLine struct {
	VariantID uuid.UUID `json:"variant_id"`
	Quantity  int64     `json:"quantity"` // pieces
}

// ReadCheckoutCart answers what a customer is about to buy, or ErrCartEmpty.
func (s *Service) ReadCheckoutCart(ctx context.Context, in ReadCheckoutCartInput) (CheckoutCart, error) {
	cart, err := s.ReadCart(ctx, ReadCartInput{Owner{UserID: in.UserID}})
	if err != nil {
		return CheckoutCart{}, err
	}
	if len(cart.Lines) == 0 || in.UserID == uuid.Nil {
		return CheckoutCart{}, ErrCartEmpty
	}
	out := CheckoutCart{
		CartID: *cart.ID, Version: cart.Version, Currency: cart.Currency, Country: cart.Country,
		ShippingOption: cart.ShippingOption, Coupon: cart.Coupon, Lines: make([]CheckoutLine, len(cart.Lines)),
	}
	for i, line := range cart.Lines {
		out.Lines[i] = CheckoutLine{VariantID: line.VariantID, Quantity: line.Quantity}
	}
	return out, nil
}

// unused is the cart of somebody who has none.
func unused() Cart {
	return Cart{Currency: DefaultCurrency, ShippingOption: DefaultShipping, Lines: []Line{}, Version: 1}
}
