package cart_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kassa/activities/cart"
	"kassa/internal/id"
	"kassa/internal/money"
)

func redeem(code string) cart.RedeemCouponInput {
	return cart.RedeemCouponInput{OrderID: id.New(), UserID: id.New(), Code: code, Discount: eur(500)}
}

func TestRedeemCoupon(t *testing.T) {
	s := open(t)

	t.Run("takes a use once, however often it is asked", func(t *testing.T) {
		in := redeem(s.coupon())
		first, err := s.RedeemCoupon(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, cart.Redemption{OrderID: in.OrderID, Status: cart.Redeemed, Code: in.Code, Discount: ptr(eur(500)), At: first.At}, first)
		again, err := s.RedeemCoupon(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, int64(1), s.uses(in.Code))
	})

	t.Run("refuses an order that asks again for something else", func(t *testing.T) {
		in := redeem(s.coupon())
		_, err := s.RedeemCoupon(t.Context(), in)
		require.NoError(t, err)
		in.Discount = eur(501)
		_, err = s.RedeemCoupon(t.Context(), in)
		require.ErrorIs(t, err, cart.ErrRedemptionDiffers)
	})

	t.Run("refuses what it cannot give, and takes nothing", func(t *testing.T) {
		yesterday, tomorrow := time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
		over := s.coupon(func(t *cart.CouponTerms) { t.EndsAt = &yesterday })
		early := s.coupon(func(t *cart.CouponTerms) { t.StartsAt = &tomorrow })
		dollars := s.coupon(func(t *cart.CouponTerms) { t.Minimum = ptr(money.New(1, "USD")) })
		withdrawn := s.coupon()
		_, err := s.DeleteCoupon(t.Context(), cart.DeleteCouponInput{Code: withdrawn})
		require.NoError(t, err)
		for code, refusal := range map[string]error{
			"NOSUCH": cart.ErrCouponUnknown, over: cart.ErrCouponExpired, early: cart.ErrCouponNotYet,
			dollars: cart.ErrCouponCurrency, withdrawn: cart.ErrCouponExpired,
		} {
			in := redeem(code)
			_, err := s.RedeemCoupon(t.Context(), in)
			require.ErrorIs(t, err, refusal, code)
			_, err = s.RestoreCoupon(t.Context(), cart.RestoreCouponInput{OrderID: in.OrderID})
			require.NoError(t, err)
			if code != "NOSUCH" {
				require.Zero(t, s.uses(code))
			}
		}
		_, err = s.RedeemCoupon(t.Context(), cart.RedeemCouponInput{Code: over})
		require.ErrorIs(t, err, cart.ErrBadRedemption)
	})

	t.Run("counts each customer apart", func(t *testing.T) {
		first := redeem(s.coupon(perCustomer(1)))
		second, other := first, first
		second.OrderID, other.OrderID, other.UserID = id.New(), id.New(), id.New()
		_, err := s.RedeemCoupon(t.Context(), first)
		require.NoError(t, err)
		_, err = s.RedeemCoupon(t.Context(), second)
		require.ErrorIs(t, err, cart.ErrCouponExhausted)
		_, err = s.RedeemCoupon(t.Context(), other)
		require.NoError(t, err)
		require.Equal(t, int64(2), s.uses(first.Code), "the refusal gave its use back")

		_, err = s.RestoreCoupon(t.Context(), cart.RestoreCouponInput{OrderID: first.OrderID})
		require.NoError(t, err)
		_, err = s.RedeemCoupon(t.Context(), second)
		require.NoError(t, err, "what was given back can be taken again")
	})
	s.sound()
}

func TestRestoreCoupon(t *testing.T) {
	s := open(t)

	t.Run("gives the use back once", func(t *testing.T) {
		in := redeem(s.coupon(limited(1)))
		_, err := s.RedeemCoupon(t.Context(), in)
		require.NoError(t, err)
		first, err := s.RestoreCoupon(t.Context(), cart.RestoreCouponInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, cart.Restored, first.Status)
		again, err := s.RestoreCoupon(t.Context(), cart.RestoreCouponInput{OrderID: in.OrderID})
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Zero(t, s.uses(in.Code))
		_, err = s.RedeemCoupon(t.Context(), in)
		require.ErrorIs(t, err, cart.ErrCouponRestored)
	})

	t.Run("refuses what comes after it, even when it found nothing", func(t *testing.T) {
		in := redeem(s.coupon())
		_, err := s.RestoreCoupon(t.Context(), cart.RestoreCouponInput{OrderID: in.OrderID})
		require.NoError(t, err)
		_, err = s.RedeemCoupon(t.Context(), in)
		require.ErrorIs(t, err, cart.ErrCouponRestored)
		require.Zero(t, s.uses(in.Code))
	})
	s.sound()
}

func TestFiftyAtOnceTakeAsManyUsesAsThereAre(t *testing.T) {
	s := open(t)
	for _, limit := range []int64{1, 20} {
		code := s.coupon(limited(limit))
		var taken, refused atomic.Int64
		var buyers errgroup.Group
		for range 50 {
			buyers.Go(func() error {
				in := redeem(code)
				err := insist(func() error { _, err := s.RedeemCoupon(ctx(t), in); return err })
				switch {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, cart.ErrCouponExhausted):
					refused.Add(1)
				default:
					return err
				}
				return nil
			})
		}
		require.NoError(t, buyers.Wait())
		require.Equal(t, limit, taken.Load())
		require.Equal(t, 50-limit, refused.Load())
		require.Equal(t, limit, s.uses(code))
	}
	s.sound()
}

func TestOneCustomerAtOnceTakesTheirShare(t *testing.T) {
	s := open(t)
	code, user := s.coupon(perCustomer(3), limited(40)), id.New()
	var taken atomic.Int64
	var tabs errgroup.Group
	for range 30 {
		tabs.Go(func() error {
			in := redeem(code)
			in.UserID = user
			err := insist(func() error { _, err := s.RedeemCoupon(ctx(t), in); return err })
			if err == nil {
				taken.Add(1)
			} else if !errors.Is(err, cart.ErrCouponExhausted) {
				return err
			}
			return nil
		})
	}
	require.NoError(t, tabs.Wait())
	require.Equal(t, int64(3), taken.Load())
	require.Equal(t, int64(3), s.uses(code))
	s.sound()
}

func TestRedeemRacingItsRestoreEndsRestored(t *testing.T) {
	s := open(t)
	codes := []string{s.coupon(limited(5)), s.coupon(limited(5), perCustomer(1))}
	user := id.New()
	for n := range 40 {
		in := redeem(codes[n%2])
		in.UserID = user
		var attempts errgroup.Group
		for _, forward := range []bool{true, false, true, true, false} {
			attempts.Go(func() error {
				return insist(func() error {
					if !forward {
						_, err := s.RestoreCoupon(ctx(t), cart.RestoreCouponInput{OrderID: in.OrderID})
						return err
					}
					_, err := s.RedeemCoupon(ctx(t), in)
					if errors.Is(err, cart.ErrCouponRestored) {
						return nil
					}
					return err
				})
			})
		}
		require.NoError(t, attempts.Wait())
	}
	for _, code := range codes {
		require.Zero(t, s.uses(code))
	}
	s.sound()
}

func TestReadDiscount(t *testing.T) {
	s := open(t)
	user := id.New()
	code := s.coupon(limited(1), func(t *cart.CouponTerms) {
		t.Kind, t.BasisPoints, t.Amount, t.Minimum = cart.Fixed, 0, ptr(eur(700)), ptr(eur(2000))
	})
	ask := cart.ReadDiscountInput{Code: " " + code[:1] + code[1:], UserID: user, Currency: "EUR"}

	found, err := s.ReadDiscount(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, cart.Discount{Code: code, Kind: cart.Fixed, Amount: ptr(eur(700)), Minimum: ptr(eur(2000))}, found)

	ask.Currency = "USD"
	_, err = s.ReadDiscount(t.Context(), ask)
	require.ErrorIs(t, err, cart.ErrCouponCurrency)
	ask.Currency = "EUR"
	_, err = s.RedeemCoupon(t.Context(), cart.RedeemCouponInput{OrderID: id.New(), UserID: uuid.New(), Code: code, Discount: eur(700)})
	require.NoError(t, err)
	_, err = s.ReadDiscount(t.Context(), ask)
	require.ErrorIs(t, err, cart.ErrCouponExhausted)
	_, err = s.ReadDiscount(t.Context(), cart.ReadDiscountInput{Code: "NOSUCH", Currency: "EUR"})
	require.ErrorIs(t, err, cart.ErrCouponUnknown)
}
