package cart_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/activities/cart"
	"kassa/events"
	"kassa/internal/id"
)

// confirm applies order.confirmed of an order made of the cart.
func (s shop) confirm(c cart.Cart, lines map[uuid.UUID]int64) {
	s.t.Helper()
	bought := events.Order{OrderID: id.New(), CartID: c.ID, CartVersion: c.Version, Coupon: c.Coupon}
	for variant, quantity := range lines {
		bought.Lines = append(bought.Lines, events.OrderLine{VariantID: variant, Quantity: quantity})
	}
	event := events.New("order", events.OrderConfirmed, bought.OrderID, 2, time.Now(), bought)
	require.NoError(s.t, pgx.BeginFunc(ctx(s.t), s.pool, func(tx pgx.Tx) error { return cart.EmptyBought(ctx(s.t), tx, event) }))
}

func TestOrderConfirmedEmptiesTheCart(t *testing.T) {
	s := open(t)
	mug, cup := id.New(), id.New()

	t.Run("that the order was made of, with its coupon", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{mug: 2, cup: 1})
		_, err := s.ApplyCoupon(t.Context(), cart.ApplyCouponInput{Owner: owner, Code: s.coupon()})
		require.NoError(t, err)
		before := s.read(owner)
		s.confirm(before, map[uuid.UUID]int64{mug: 2, cup: 1})
		after := s.read(owner)
		require.Empty(t, after.Lines)
		require.Empty(t, after.Coupon)
		require.Equal(t, before.Version+1, after.Version)
	})

	t.Run("of what was bought, when it has moved on", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{mug: 2, cup: 1})
		code := s.coupon()
		_, err := s.ApplyCoupon(t.Context(), cart.ApplyCouponInput{Owner: owner, Code: code})
		require.NoError(t, err)
		before := s.read(owner)
		s.add(owner, map[uuid.UUID]int64{mug: 3})
		_, err = s.ApplyCoupon(t.Context(), cart.ApplyCouponInput{Owner: owner, Code: s.coupon()})
		require.NoError(t, err)
		s.confirm(before, map[uuid.UUID]int64{mug: 2, cup: 1})
		after := s.read(owner)
		require.Equal(t, map[uuid.UUID]int64{mug: 3}, basket(after))
		require.NotEmpty(t, after.Coupon, "another one than was used")
	})

	t.Run("not when the order was made of lines, or nothing is left of them", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{mug: 2})
		before := s.read(owner)
		s.confirm(cart.Cart{}, map[uuid.UUID]int64{mug: 2})
		require.Equal(t, before, s.read(owner))
		before.Version--
		s.confirm(before, map[uuid.UUID]int64{cup: 2})
		require.Equal(t, before.Version+1, s.read(owner).Version)
		unknown := id.New()
		s.confirm(cart.Cart{ID: &unknown, Version: 1}, map[uuid.UUID]int64{mug: 2})
	})
}
