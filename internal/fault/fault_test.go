package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
)

var errOutOfStock = fault.New(fault.Declined, "out_of_stock", "Some items are no longer in stock.")

func TestFaultsMatchByReason(t *testing.T) {
	rebuilt := fault.New(fault.Declined, "out_of_stock", "whatever arrived over the wire")
	wrapped := fmt.Errorf("reserve stock: %w", errOutOfStock.Because(errors.New("variant A1")))

	require.ErrorIs(t, rebuilt, errOutOfStock)
	require.ErrorIs(t, wrapped, errOutOfStock)
	require.NotErrorIs(t, fault.New(fault.Declined, "card_declined", ""), errOutOfStock)
	require.NoError(t, errors.Unwrap(errOutOfStock), "Because must not change the declared fault")
}

func TestOfPicksTheFirstFaultOrInternal(t *testing.T) {
	joined := errors.Join(fmt.Errorf("x: %w", errOutOfStock), fault.ErrUnavailable)
	require.Equal(t, "out_of_stock", fault.Of(joined).Reason)
	require.Equal(t, fault.Internal, fault.Of(errors.New("boom")).Code)
}

func TestDetailsBelongToTheCopy(t *testing.T) {
	detailed := errOutOfStock.With("lines", 1)
	require.Nil(t, errOutOfStock.Details)
	require.Equal(t, map[string]any{"lines": 1}, detailed.Details)
	require.Equal(t, map[string]any{"lines": 1, "more": 2}, detailed.With("more", 2).Details)
	require.Len(t, detailed.Details, 1)
}
