package cart_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/cart"
	"kassa/internal/id"
	"kassa/internal/money"
)

func TestReadCheckoutCart(t *testing.T) {
	s := open(t)

	t.Run("is empty until something is in it", func(t *testing.T) {
		_, err := s.ReadCheckoutCart(t.Context(), cart.ReadCheckoutCartInput{UserID: id.New()})
		require.ErrorIs(t, err, cart.ErrCartEmpty)
	})

	t.Run("answers what is in it, and of which version", func(t *testing.T) {
		mug := id.New()
		owner := s.customer(map[uuid.UUID]int64{mug: 2})
		_, err := s.ApplyCoupon(t.Context(), cart.ApplyCouponInput{Owner: owner, Code: s.coupon()})
		require.NoError(t, err)
		c := s.read(owner)
		found, err := s.ReadCheckoutCart(t.Context(), cart.ReadCheckoutCartInput{UserID: owner.UserID})
		require.NoError(t, err)
		require.Equal(t, cart.CheckoutCart{
			CartID: *c.ID, Version: 3, Currency: "EUR", ShippingOption: "standard", Coupon: c.Coupon,
			Lines: []cart.CheckoutLine{{VariantID: mug, Quantity: 2}},
		}, found)
	})
}

func TestChangingACart(t *testing.T) {
	s := open(t)

	t.Run("sums pieces of a variant, and counts every change", func(t *testing.T) {
		mug := id.New()
		owner := s.customer(map[uuid.UUID]int64{mug: 2})
		s.add(owner, map[uuid.UUID]int64{mug: 3})
		c := s.read(owner)
		require.Equal(t, map[uuid.UUID]int64{mug: 5}, basket(c))
		require.Equal(t, int64(3), c.Version)
		require.Equal(t, int64(1000), *c.Lines[0].SeenPrice)
	})

	t.Run("refuses what was based on another version", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{id.New(): 2})
		item := s.read(owner).Lines[0].ID
		_, err := s.ChangeCartItem(t.Context(), cart.ChangeCartItemInput{Owner: owner, IfVersion: 1, ItemID: item, Quantity: 1})
		require.ErrorIs(t, err, cart.ErrCartStale)
		changed, err := s.ChangeCartItem(t.Context(), cart.ChangeCartItemInput{Owner: owner, IfVersion: 2, ItemID: item, Quantity: 1, UnitPrice: ptr(eur(900))})
		require.NoError(t, err)
		require.Equal(t, changed, s.read(owner))
		require.Equal(t, int64(900), *changed.Lines[0].SeenPrice)
		_, err = s.RemoveCartItem(t.Context(), cart.RemoveCartItemInput{Owner: owner, IfVersion: 3, ItemID: id.New()})
		require.ErrorIs(t, err, cart.ErrCartItemMissing)
		removed, err := s.RemoveCartItem(t.Context(), cart.RemoveCartItemInput{Owner: owner, IfVersion: 3, ItemID: item})
		require.NoError(t, err)
		require.Empty(t, removed.Lines)
		require.Equal(t, removed, s.read(owner))
	})

	t.Run("treats a cart that was never used as an empty one", func(t *testing.T) {
		owner := cart.Owner{UserID: id.New()}
		cleared, err := s.ClearCart(t.Context(), cart.ClearCartInput{Owner: owner, IfVersion: 1})
		require.NoError(t, err)
		require.Equal(t, cart.Cart{Currency: "EUR", ShippingOption: "standard", Lines: []cart.Line{}, Version: 1}, cleared)
		_, err = s.RemoveCartItem(t.Context(), cart.RemoveCartItemInput{Owner: owner, IfVersion: 1, ItemID: id.New()})
		require.ErrorIs(t, err, cart.ErrCartItemMissing)
		_, err = s.ClearCart(t.Context(), cart.ClearCartInput{Owner: owner, IfVersion: 2})
		require.ErrorIs(t, err, cart.ErrCartStale)
	})

	t.Run("forgets seen prices with the currency", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{id.New(): 2})
		dollars, express := "USD", "express"
		changed, err := s.ChangeCart(t.Context(), cart.ChangeCartInput{Owner: owner, IfVersion: 2, Currency: &dollars, ShippingOption: &express})
		require.NoError(t, err)
		require.Nil(t, changed.Lines[0].SeenPrice)
		require.Equal(t, changed, s.read(owner))
		unknown := "XXX"
		_, err = s.ChangeCart(t.Context(), cart.ChangeCartInput{Owner: owner, IfVersion: 3, Currency: &unknown})
		require.ErrorIs(t, err, cart.ErrBadCart)
		same, err := s.ChangeCart(t.Context(), cart.ChangeCartInput{Owner: owner, IfVersion: 3, Currency: &dollars})
		require.NoError(t, err)
		require.Equal(t, int64(3), same.Version, "nothing has changed")
	})

	t.Run("has limits", func(t *testing.T) {
		mug := id.New()
		owner := s.customer(map[uuid.UUID]int64{mug: cart.MaxQuantity})
		add := cart.AddCartItemInput{Owner: owner, VariantID: mug, Quantity: 1, UnitPrice: eur(1)}
		_, err := s.AddCartItem(t.Context(), add)
		require.ErrorIs(t, err, cart.ErrBadCartItem)
		for range cart.MaxLines - 1 {
			s.add(owner, map[uuid.UUID]int64{id.New(): 1})
		}
		add.VariantID = id.New()
		_, err = s.AddCartItem(t.Context(), add)
		require.ErrorIs(t, err, cart.ErrCartFull)
		add.Quantity = 0
		_, err = s.AddCartItem(t.Context(), add)
		require.ErrorIs(t, err, cart.ErrBadCartItem)
	})

	t.Run("keeps guests apart from customers", func(t *testing.T) {
		owner := s.customer(map[uuid.UUID]int64{id.New(): 1})
		stolen := cart.Owner{CartID: *s.read(owner).ID}
		require.Empty(t, s.read(stolen).Lines, "a customer's cart is not found by its id")
		_, err := s.AddCartItem(t.Context(), cart.AddCartItemInput{Owner: stolen, VariantID: id.New(), Quantity: 1, UnitPrice: money.New(1, "JPY")})
		require.NoError(t, err)
		require.Len(t, s.read(owner).Lines, 1)
	})
}

func TestACustomersFirstItemsAtOnceMakeOneCart(t *testing.T) {
	s := open(t)
	owner, mug := cart.Owner{UserID: id.New()}, id.New()
	var tabs errgroup.Group
	for range 12 {
		tabs.Go(func() error {
			return insist(func() error {
				_, err := s.AddCartItem(ctx(t), cart.AddCartItemInput{Owner: owner, VariantID: mug, Quantity: 1, UnitPrice: eur(1000)})
				return err
			})
		})
	}
	require.NoError(t, tabs.Wait())
	c := s.read(owner)
	require.Equal(t, map[uuid.UUID]int64{mug: 12}, basket(c))
	require.Equal(t, int64(13), c.Version)
}
