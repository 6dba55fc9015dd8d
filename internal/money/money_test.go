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
