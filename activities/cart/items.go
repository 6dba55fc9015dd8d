package cart

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"kassa/internal/money"
)

// AddCartItemInput puts pieces of a variant into a cart, to those that are there.
type AddCartItemInput struct {
	Owner
	VariantID uuid.UUID   `json:"variant_id"`
	Quantity  int64       `json:"quantity"`   // pieces that come
	UnitPrice money.Money `json:"unit_price"` // what the customer was shown; its currency is a new cart's
}

// AddCartItem adds to a cart, and makes one when there is none.
func (s *Service) AddCartItem(ctx context.Context, in AddCartItemInput) (Cart, error) {
	if in.VariantID == uuid.Nil || in.Quantity < 1 || in.Quantity > MaxQuantity {
		return Cart{}, ErrBadCartItem
	}
	return s.changeCart(ctx, in.Owner, 0, in.UnitPrice.Currency, func(e *edit) error {
		return e.put(ctx, in.VariantID, e.quantity(in.VariantID)+in.Quantity, e.seen(in.UnitPrice))
	})
}

// ChangeCartItemInput sets how many pieces of a line there are.
type ChangeCartItemInput struct {
	Owner
	IfVersion int64        `json:"if_version"`
	ItemID    uuid.UUID    `json:"item_id"`
	Quantity  int64        `json:"quantity"`             // pieces
	UnitPrice *money.Money `json:"unit_price,omitempty"` // what the customer was shown; nil keeps what they saw before
}

// ChangeCartItem sets the quantity of a line. The customer has seen its price by that.
func (s *Service) ChangeCartItem(ctx context.Context, in ChangeCartItemInput) (Cart, error) {
	return s.changeCart(ctx, in.Owner, in.IfVersion, "", func(e *edit) error {
		line, known := e.find(func(l Line) bool { return l.ID == in.ItemID })
		if !known {
			return ErrCartItemMissing
		}
		seen := line.SeenPrice
		if in.UnitPrice != nil {
			seen = e.seen(*in.UnitPrice)
		}
		return e.put(ctx, line.VariantID, in.Quantity, seen)
	})
}

// RemoveCartItemInput names a line of a cart.
type RemoveCartItemInput struct {
	Owner
	IfVersion int64     `json:"if_version"`
	ItemID    uuid.UUID `json:"item_id"`
}

// RemoveCartItem takes a line out.
func (s *Service) RemoveCartItem(ctx context.Context, in RemoveCartItemInput) (Cart, error) {
	return s.changeCart(ctx, in.Owner, in.IfVersion, "", func(e *edit) error {
		if _, known := e.find(func(l Line) bool { return l.ID == in.ItemID }); !known {
			return ErrCartItemMissing
		}
		if _, err := e.db.DeleteCartLine(ctx, *e.ID, in.ItemID); err != nil {
			return fmt.Errorf("remove line %s: %w", in.ItemID, err)
		}
		e.Lines = slices.DeleteFunc(e.Lines, func(l Line) bool { return l.ID == in.ItemID })
		return nil
	})
}

// ClearCartInput names a cart.
type ClearCartInput struct {
	Owner
	IfVersion int64 `json:"if_version"`
}

// ClearCart takes everything out, the coupon too.
func (s *Service) ClearCart(ctx context.Context, in ClearCartInput) (Cart, error) {
	return s.changeCart(ctx, in.Owner, in.IfVersion, "", func(e *edit) error { return e.clear(ctx) })
}

// ChangeCartInput changes a cart beside its lines; nil keeps what is.
type ChangeCartInput struct {
	Owner
	IfVersion      int64   `json:"if_version"`
	Currency       *string `json:"currency,omitempty"`
	Country        *string `json:"country,omitempty"`
	ShippingOption *string `json:"shipping_option,omitempty"`
}

// ChangeCart sets currency, country and way of shipping. In a new currency the
// customer has seen no price yet.
func (s *Service) ChangeCart(ctx context.Context, in ChangeCartInput) (Cart, error) {
	if in.Currency != nil {
		if _, err := money.Exponent(*in.Currency); err != nil {
			return Cart{}, ErrBadCart.Because(err)
		}
	}
	return s.changeCart(ctx, in.Owner, in.IfVersion, DefaultCurrency, func(e *edit) error {
		before := e.Cart
		for to, from := range map[*string]*string{&e.Currency: in.Currency, &e.Country: in.Country, &e.ShippingOption: in.ShippingOption} {
			if from != nil {
				*to = *from
			}
		}
		if e.Currency == before.Currency && e.Country == before.Country && e.ShippingOption == before.ShippingOption {
			return errSame
		}
		if e.Currency == before.Currency {
			return nil
		}
		if err := e.db.ForgetSeenPrices(ctx, *e.ID); err != nil {
			return fmt.Errorf("forget prices of cart %s: %w", *e.ID, err)
		}
		for i := range e.Lines {
			e.Lines[i].SeenPrice = nil
		}
		return nil
	})
}

// ApplyCouponInput enters a coupon into a cart.
type ApplyCouponInput struct {
	Owner
	Code string `json:"code"`
}

// ApplyCoupon enters a coupon that could be used now, in the place of any other.
// Its use is taken by the checkout.
func (s *Service) ApplyCoupon(ctx context.Context, in ApplyCouponInput) (Cart, error) {
	cart, err := s.ReadCart(ctx, ReadCartInput{in.Owner})
	if err != nil {
		return Cart{}, err
	}
	discount, err := s.ReadDiscount(ctx, ReadDiscountInput{Code: in.Code, UserID: in.UserID, Currency: cart.Currency})
	if err != nil {
		return Cart{}, err
	}
	return s.changeCart(ctx, in.Owner, 0, cart.Currency, func(e *edit) error {
		if e.Coupon == discount.Code {
			return errSame
		}
		e.Coupon = discount.Code
		return nil
	})
}

// RemoveCouponInput names a cart.
type RemoveCouponInput struct {
	Owner
	IfVersion int64 `json:"if_version"`
}

// RemoveCoupon takes the coupon out of a cart.
func (s *Service) RemoveCoupon(ctx context.Context, in RemoveCouponInput) (Cart, error) {
	return s.changeCart(ctx, in.Owner, in.IfVersion, "", func(e *edit) error {
		if e.Coupon == "" {
			return errSame
		}
		e.Coupon = ""
		return nil
	})
}
