package cart

import "kassa/internal/fault"

// The ways a cart says no.
var (
	ErrCartEmpty       = fault.New(fault.Conflict, "cart_empty", "There is nothing in the cart.")
	ErrCartStale       = fault.New(fault.Stale, "cart_changed", "The cart has changed since you looked.") // detail "current_version"
	ErrCartFull        = fault.New(fault.Declined, "cart_full", "A cart takes at most 100 different items.")
	ErrCartItemMissing = fault.New(fault.NotFound, "cart_item_not_found", "There is no such item in the cart.")
	ErrBadCartItem     = fault.New(fault.Invalid, "bad_cart_item", "The quantity of an item must be from 1 to 10,000.")
	ErrBadCart         = fault.New(fault.Invalid, "bad_cart", "Give a known currency, country or shipping option.")
	ErrBadMerge        = fault.New(fault.Invalid, "bad_merge", "Merge by sum, keep_account or keep_guest.")

	ErrSavedItemMissing = fault.New(fault.NotFound, "saved_item_not_found", "There is no such saved item.")
	ErrSavedItemsFull   = fault.New(fault.Declined, "saved_items_full", "At most 500 items can be saved for later.")
)

// The ways a coupon says no.
var (
	ErrCouponUnknown   = fault.New(fault.Invalid, "coupon_unknown", "There is no such coupon.")
	ErrCouponCurrency  = fault.New(fault.Declined, "coupon_currency", "This coupon is not for orders in this currency.") // detail "currency"
	ErrCouponNotYet    = fault.New(fault.Declined, "coupon_not_yet_valid", "This coupon is not valid yet.")              // detail "starts_at"
	ErrCouponExpired   = fault.New(fault.Declined, "coupon_expired", "This coupon is no longer valid.")
	ErrCouponExhausted = fault.New(fault.Declined, "coupon_exhausted", "This coupon has been used as often as it can be.")

	// ErrCouponRestored refuses an order whose use was given back, or whose undo came first.
	ErrCouponRestored = fault.New(fault.Declined, "coupon_restored", "The coupon of this order has been given back already.")
	// ErrRedemptionDiffers is an order that asks again, but for something else.
	ErrRedemptionDiffers = fault.New(fault.Conflict, "redemption_differs", "This order carries another coupon already.")
	ErrBadRedemption     = fault.New(fault.Invalid, "bad_redemption", "A redemption needs an order, a customer, a code and a discount that is not negative.")

	ErrCouponMissing = fault.New(fault.NotFound, "coupon_not_found", "There is no such coupon.")
	ErrCouponExists  = fault.New(fault.Conflict, "coupon_exists", "There is, or was, a coupon with this code.")
	ErrBadCoupon     = fault.New(fault.Invalid, "bad_coupon", "The coupon cannot be made like this.") // detail "errors"
)
