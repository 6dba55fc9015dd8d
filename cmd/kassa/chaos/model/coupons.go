package model

import (
	"github.com/google/uuid"

	"kassa/activities/cart"
)

// coupons are the uses of one coupon, of which there are few.
type coupons struct {
	uses, taken int
	redeemed    map[uuid.UUID]bool // by order: true for a use, false for a tombstone
}

func (s *shop) redeemCoupon(in cart.RedeemCouponInput) (cart.Redemption, error) {
	c := s.coupons
	redeemed, known := c.redeemed[in.OrderID]
	switch {
	case known && !redeemed && s.w.broken != CouponTombstoneIgnored:
		return cart.Redemption{}, cart.ErrCouponRestored
	case known && redeemed:
		return cart.Redemption{OrderID: in.OrderID, Status: cart.Redeemed}, nil
	case c.taken == c.uses:
		return cart.Redemption{}, cart.ErrCouponExhausted
	}
	c.taken++
	c.redeemed[in.OrderID] = true
	return cart.Redemption{OrderID: in.OrderID, Status: cart.Redeemed}, nil
}

func (s *shop) restoreCoupon(in cart.RestoreCouponInput) (cart.Redemption, error) {
	c := s.coupons
	if c.redeemed[in.OrderID] {
		c.taken--
	}
	c.redeemed[in.OrderID] = false
	return cart.Redemption{OrderID: in.OrderID, Status: cart.Restored}, nil
}
