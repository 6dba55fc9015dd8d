package money_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/internal/money"
)

func TestShowsAmountsByTheirExponent(t *testing.T) {
	require.Equal(t, "19.99 EUR", money.New(1999, "EUR").String())
	require.Equal(t, "-0.05 EUR", money.New(-5, "EUR").String())
	require.Equal(t, "1999 JPY", money.New(1999, "JPY").String())
	require.Equal(t, "1.999 KWD", money.New(1999, "KWD").String())
	_, err := money.Exponent("XXX")
	require.ErrorIs(t, err, money.ErrUnknown)
}

func TestArithmeticIsChecked(t *testing.T) {
	most := money.New(math.MaxInt64, "EUR")
	_, err := most.Add(money.New(1, "EUR"))
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = money.New(-2, "EUR").Sub(most)
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = money.New(0, "EUR").Sub(money.New(math.MinInt64, "EUR"))
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = most.Times(2)
	require.ErrorIs(t, err, money.ErrOverflow)
	_, err = money.New(1, "EUR").Add(money.New(1, "USD"))
	require.ErrorIs(t, err, money.ErrCurrency)
}

func TestAllocationKeepsEveryUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := money.New(rapid.Int64Min(0).Draw(t, "amount"), "EUR")
		weights := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt32), 1, 20).Draw(t, "weights")
		shares, err := amount.Allocate(weights...)
		if err != nil {
			total := int64(0)
			for _, w := range weights {
				total += w
			}
			require.Zero(t, total)
			return
		}
		sum, err := money.Sum("EUR", shares...)
		require.NoError(t, err)
		require.Equal(t, amount, sum)
		for i, w := range weights {
			if w == 0 {
				require.Zero(t, shares[i].Amount)
			}
		}
	})
}

func TestAPortionIsRoundedHalfUp(t *testing.T) {
	for _, c := range []struct{ amount, part, whole, want int64 }{
		{1000, 1000, 10_000, 100}, // 10 %
		{5, 1, 10, 1},             // 0.5
		{4, 1, 10, 0},             // 0.4
		{4995, 1000, 10_000, 500}, // 499.5
		{4994, 1000, 10_000, 499}, // 499.4
		{1899, 1900, 11_900, 303}, // 303.2: the tax in a gross price
		{0, 1900, 10_000, 0},      //
		{1999, 10_000, 10_000, 1999},
		{math.MaxInt64, 10_000, 10_000, math.MaxInt64},
	} {
		portion, err := money.New(c.amount, "EUR").Portion(c.part, c.whole)
		require.NoError(t, err)
		require.Equal(t, money.New(c.want, "EUR"), portion)
	}
	for _, c := range []struct{ amount, part, whole int64 }{{-1, 1, 1}, {1, -1, 1}, {1, 1, 0}, {math.MaxInt64, 3, 2}, {math.MaxInt64, math.MaxInt64, 1}} {
		_, err := money.New(c.amount, "EUR").Portion(c.part, c.whole)
		require.ErrorIs(t, err, money.ErrOverflow)
	}
}
