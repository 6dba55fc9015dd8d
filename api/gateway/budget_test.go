package gateway

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsSentAgainIsATenthAndSomeInReserve(t *testing.T) {
	var b budget
	spent := func(requests int) (granted int) {
		for range requests {
			b.earn()
			if b.spend() {
				granted++
			}
		}
		return granted
	}
	require.InDelta(t, 20+100, spent(1000), 5, "everything fails")
	for range 1000 {
		b.earn() // nothing fails
	}
	require.InDelta(t, 20, spent(20), 1, "and it may again")
}
