package arch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryWorkerRefusesWithdrawnTokens reads each process's main: who checks
// access tokens must also hear which were withdrawn.
func TestEveryWorkerRefusesWithdrawnTokens(t *testing.T) {
	checking := 0
	for _, file := range glob(t, "workers/*/main.go") {
		source := read(t, file)
		if !strings.Contains(source, "identity.NewVerifier(") {
			continue
		}
		checking++
		require.Contains(t, source, "revoked.Option()", file)
		require.Contains(t, source, "revoked.Follow(", file)
	}
	require.NotZero(t, checking)
}
