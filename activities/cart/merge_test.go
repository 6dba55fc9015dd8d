package cart_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/cart"
	"kassa/internal/id"
)

func (s shop) merge(guest, owner cart.Owner, strategy string) (cart.Cart, error) {
	var merged cart.Cart
	err := insist(func() (err error) {
		merged, err = s.MergeCarts(ctx(s.t), cart.MergeCartsInput{UserID: owner.UserID, GuestCartID: guest.CartID, Strategy: strategy})
		return err
	})
	return merged, err
}

func TestMergeCarts(t *testing.T) {
	s := open(t)
	mug, cup, jug := id.New(), id.New(), id.New()
	for strategy, want := range map[string]map[uuid.UUID]int64{
		cart.Sum:         {mug: 3, cup: 5, jug: 4},
		cart.KeepAccount: {mug: 1, jug: 4},
		cart.KeepGuest:   {mug: 2, cup: 5},
	} {
		owner, guest := s.customer(map[uuid.UUID]int64{mug: 1, jug: 4}), s.guest(map[uuid.UUID]int64{mug: 2, cup: 5})
		merged, err := s.merge(guest, owner, strategy)
		require.NoError(t, err)
		require.Equal(t, want, basket(merged), strategy)
		require.Equal(t, want, basket(s.read(owner)), strategy)
		require.Empty(t, s.read(guest).Lines, "the guest's cart is gone")
		again, err := s.merge(guest, owner, strategy)
		require.NoError(t, err)
		require.Equal(t, merged, again, "a repeat finds nothing to merge")
	}

	t.Run("into a cart that was never used", func(t *testing.T) {
		owner, guest := cart.Owner{UserID: id.New()}, s.guest(map[uuid.UUID]int64{mug: 2})
		code := s.coupon()
		_, err := s.ApplyCoupon(t.Context(), cart.ApplyCouponInput{Owner: guest, Code: code})
		require.NoError(t, err)
		merged, err := s.merge(guest, owner, cart.Sum)
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{mug: 2}, basket(merged))
		require.Equal(t, code, merged.Coupon)
		require.Equal(t, int64(1000), *merged.Lines[0].SeenPrice)
	})

	t.Run("ends at the most that a line can have", func(t *testing.T) {
		owner, guest := s.customer(map[uuid.UUID]int64{mug: cart.MaxQuantity}), s.guest(map[uuid.UUID]int64{mug: 2})
		merged, err := s.merge(guest, owner, cart.Sum)
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{mug: cart.MaxQuantity}, basket(merged))
	})

	t.Run("takes only carts of guests", func(t *testing.T) {
		owner, other := s.customer(map[uuid.UUID]int64{mug: 1}), s.customer(map[uuid.UUID]int64{cup: 1})
		merged, err := s.merge(cart.Owner{CartID: *s.read(other).ID}, owner, cart.Sum)
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{mug: 1}, basket(merged))
		require.Len(t, s.read(other).Lines, 1)
		_, err = s.merge(other, owner, "take_all")
		require.ErrorIs(t, err, cart.ErrBadMerge)
	})
}

func TestTwoMergesAtOnceCountTheGuestsCartOnce(t *testing.T) {
	s := open(t)
	mug, cup := id.New(), id.New()
	for range 15 {
		owner := cart.Owner{UserID: id.New()}
		guests := []cart.Owner{s.guest(map[uuid.UUID]int64{mug: 1, cup: 2}), s.guest(map[uuid.UUID]int64{cup: 2, mug: 1})}
		var tabs errgroup.Group
		for n := range 6 {
			tabs.Go(func() error { _, err := s.merge(guests[n%2], owner, cart.Sum); return err })
		}
		require.NoError(t, tabs.Wait())
		require.Equal(t, map[uuid.UUID]int64{mug: 2, cup: 4}, basket(s.read(owner)))
	}
}

func TestSavedItems(t *testing.T) {
	s := open(t)
	owner, mug, cup := cart.Owner{UserID: id.New()}, id.New(), id.New()
	saved, err := s.SaveItem(t.Context(), cart.SaveItemInput{UserID: owner.UserID, VariantID: mug})
	require.NoError(t, err)
	again, err := s.SaveItem(t.Context(), cart.SaveItemInput{UserID: owner.UserID, VariantID: mug})
	require.NoError(t, err)
	require.Equal(t, saved, again)
	_, err = s.SaveItem(t.Context(), cart.SaveItemInput{UserID: owner.UserID, VariantID: cup})
	require.NoError(t, err)

	page, err := s.ListSavedItems(t.Context(), cart.ListSavedItemsInput{UserID: owner.UserID, Limit: 1})
	require.NoError(t, err)
	require.True(t, page.More)
	require.Equal(t, cup, page.Items[0].VariantID)
	rest, err := s.ListSavedItems(t.Context(), cart.ListSavedItemsInput{UserID: owner.UserID, Before: &page.Items[0].ID, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, cart.SavedItems{Items: []cart.SavedItem{saved}}, rest)

	stranger := cart.MoveSavedItemInput{UserID: id.New(), ItemID: saved.ID, Quantity: 1, UnitPrice: eur(1000)}
	_, err = s.MoveSavedItem(t.Context(), stranger)
	require.ErrorIs(t, err, cart.ErrSavedItemMissing)
	move := cart.MoveSavedItemInput{UserID: owner.UserID, ItemID: saved.ID, Quantity: 2, UnitPrice: eur(1000)}
	moved, err := s.MoveSavedItem(t.Context(), move)
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]int64{mug: 2}, basket(moved))
	_, err = s.MoveSavedItem(t.Context(), move)
	require.ErrorIs(t, err, cart.ErrSavedItemMissing)

	_, err = s.RemoveSavedItem(t.Context(), cart.RemoveSavedItemInput{UserID: owner.UserID, ItemID: page.Items[0].ID})
	require.NoError(t, err)
	_, err = s.RemoveSavedItem(t.Context(), cart.RemoveSavedItemInput{UserID: owner.UserID, ItemID: page.Items[0].ID})
	require.ErrorIs(t, err, cart.ErrSavedItemMissing)
}

func TestRemindAbandonedCarts(t *testing.T) {
	s := open(t)
	owner := s.customer(map[uuid.UUID]int64{id.New(): 1})
	s.guest(map[uuid.UUID]int64{id.New(): 1})
	empty := s.customer(map[uuid.UUID]int64{id.New(): 1})
	_, err := s.ClearCart(t.Context(), cart.ClearCartInput{Owner: empty, IfVersion: 2})
	require.NoError(t, err)
	remind := func(before time.Time) int {
		reminded, err := s.RemindAbandonedCarts(t.Context(), cart.RemindAbandonedCartsInput{Before: before})
		require.NoError(t, err)
		return reminded.Carts
	}
	soon := time.Now().Add(time.Minute)
	require.Zero(t, remind(time.Now().Add(-time.Minute)), "it was touched since")
	require.Equal(t, 1, remind(soon), "neither guests nor empty carts")
	require.Zero(t, remind(soon), "once per version")
	s.add(owner, map[uuid.UUID]int64{id.New(): 1})
	require.Equal(t, 1, remind(soon))
	s.sound()
}

func TestForgetCartOwner(t *testing.T) {
	s := open(t)
	owner := s.customer(map[uuid.UUID]int64{id.New(): 1})
	_, err := s.SaveItem(t.Context(), cart.SaveItemInput{UserID: owner.UserID, VariantID: id.New()})
	require.NoError(t, err)
	gone, err := s.ForgetCartOwner(t.Context(), cart.ForgetCartOwnerInput{UserID: owner.UserID})
	require.NoError(t, err)
	require.Equal(t, cart.ForgottenCartOwner{Carts: 1, SavedItems: 1}, gone)
	gone, err = s.ForgetCartOwner(t.Context(), cart.ForgetCartOwnerInput{UserID: owner.UserID})
	require.NoError(t, err)
	require.Zero(t, gone)
	require.Empty(t, s.read(owner).Lines)
}
