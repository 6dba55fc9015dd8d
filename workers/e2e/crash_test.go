package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/cmd/kassa/chaos"
	"kassa/sandbox/shopper"
)

// TestEverythingMayCrash kills every process in turn while customers buy, and
// checks the books of all witnesses afterwards. What it does is a scenario of
// kassa chaos, here on the platform of all tests.
func TestEverythingMayCrash(t *testing.T) {
	seed := seedOf(t)
	patient := customer(t)
	stragglers := beginAuthenticating(t, patient)
	survives(t, "deaths", seed, chaos.Options{Buyers: 8, Calm: time.Second, After: 3 * time.Second})
	for _, waiting := range stragglers {
		require.Eventually(t, func() bool {
			o, err := patient.Order(t.Context(), waiting)
			return err == nil && o.Status == "confirmed"
		}, 3*time.Minute, often, "whose webhook was lost is found by Reconcile")
	}
}

// TestNothingIsLostWhateverGoesWrong plays some more of kassa chaos, each for
// some seconds. make prove plays all of it, and for longer.
func TestNothingIsLostWhateverGoesWrong(t *testing.T) {
	seed := seedOf(t)
	for _, name := range []string{"connections-cut", "temporal-hung", "provider-silent", "provider-forgetful", "cancel-race", "poison", "two-tabs"} {
		t.Run(name, func(t *testing.T) { survives(t, name, seed, chaos.Options{Buyers: 6, Storm: 3 * time.Second}) })
	}
}

// survives plays a scenario of kassa chaos, which must find nothing.
func survives(t *testing.T, name string, seed uint64, o chaos.Options) {
	t.Helper()
	scenarios, unknown := chaos.Find([]string{name})
	require.Empty(t, unknown)
	o.Progress = func(say string) { t.Log(say) }
	row, err := chaos.Play(t.Context(), platform, shop, scenarios[0], seed, o)
	require.NoError(t, err)
	t.Log(row)
	require.True(t, row.Sound(), "%+v", row.Findings)
}

// seedOf is the seed of this run.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("KASSA_E2E_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "KASSA_E2E_SEED")
		return seed
	}
	return rand.Uint64() >> 1 //nolint:gosec // a seed
}

// beginAuthenticating leaves two orders whose customer has satisfied the bank
// and whose webhook got lost: nobody but Reconcile can tell.
func beginAuthenticating(t *testing.T, c *shopper.Customer) []uuid.UUID {
	t.Helper()
	item := stocked(t, 10)
	var waiting []uuid.UUID
	misbehave(t, `{"fault":"webhook_lose","rate":1,"operations":["authenticate"]}`)
	for range 2 {
		answer := awaiting(t, c, shopper.One(item))
		atTheBank(t, answer.OrderID(), "succeed")
		waiting = append(waiting, answer.OrderID())
	}
	behave(t)
	return waiting
}
