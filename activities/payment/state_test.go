package payment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kassa/sql/paymentdb"
)

// TestWhateverTheProviderSaysTheBooksHold lets a provider say anything it can
// say, in any order, and checks what that makes of the payment.
func TestWhateverTheProviderSaysTheBooksHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := paymentdb.Payment{Amount: rapid.Int64Range(1, 1e12).Draw(t, "amount"), Status: string(StatusPending), Version: 1}
		ledger := map[string]int64{}
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			now := after(row, anyWord(t, row.Amount))
			told := report{back: make([]paymentdb.Refund, rapid.IntRange(0, 2).Draw(t, "came back"))}
			for i := range told.back {
				told.back[i].Amount = rapid.Int64Range(1, row.Amount).Draw(t, "of which")
			}
			all := steps(row, now, told)
			require.False(t, len(all) == 0 && moved(row, now))
			for _, step := range all {
				lines := postings(row, step.now)
				sum := int64(0)
				for _, line := range lines {
					require.NotZero(t, line.amount)
					ledger[line.account] += line.amount
					sum += line.amount
				}
				require.Zero(t, sum, "an entry sums to 0")
				require.Contains(t, append([]string{kindUnknown}, kindsWithEvent()...), step.kind)
				require.GreaterOrEqual(t, step.amount, int64(0))
				row = step.now
				require.True(t, possible(row), "%s leads to %+v", step.kind, row)
			}
			require.False(t, moved(row, now), "the steps lead to where the provider has it")
			require.Equal(t, row, after(row, wordOf(row)), "the same word again changes nothing")

			require.True(t, 0 <= row.Refunded && row.Refunded <= row.Captured && row.Captured <= row.Authorized && row.Authorized <= row.Amount)
			require.Equal(t, row.Captured-row.Refunded, ledger[accountClearing])
			require.Equal(t, row.Refunded-row.Captured, ledger[accountOrders])
			require.Equal(t, row.Authorized-row.Captured, ledger[accountHolds])
			require.Equal(t, row.Captured-row.Authorized, ledger[accountCommitments])
		}
	})
}

// possible is the schema's constraint payments_status.
func possible(row paymentdb.Payment) bool {
	switch PaymentStatus(row.Status) {
	case StatusAuthorized:
		return row.Authorized > row.Captured
	case StatusCaptured:
		return row.Authorized == row.Captured && row.Refunded < row.Captured
	case StatusRefunded:
		return row.Authorized == row.Captured && row.Refunded == row.Captured && row.Captured > 0
	default:
		return row.Authorized == 0
	}
}

func kindsWithEvent() []string {
	kinds := []string{}
	for kind := range eventOf {
		kinds = append(kinds, kind)
	}
	return kinds
}

// anyWord is something a provider can say of an intent over amount.
func anyWord(t *rapid.T, amount int64) intent {
	word := intent{ID: "pi_1", Status: rapid.SampledFrom([]string{
		intentNeedsMethod, intentNeedsConfirm, intentNeedsAction, intentProcessing, intentHeld, intentTaken, intentCanceled,
	}).Draw(t, "status")}
	switch word.Status {
	case intentHeld:
		word.Capturable = amount
	case intentTaken:
		word.Received = rapid.Int64Range(1, amount).Draw(t, "received")
		word.Refunded = rapid.Int64Range(0, word.Received).Draw(t, "refunded")
	case intentNeedsAction:
		word.ActionURL = "https://bank.example"
	case intentNeedsMethod:
		word.DeclineCode = "generic_decline"
	}
	return word
}

// wordOf is what the provider says of a payment that is as we have it.
func wordOf(row paymentdb.Payment) intent {
	word := intent{ID: row.ProviderPaymentID, ActionURL: row.ActionUrl, DeclineCode: row.DeclineCode}
	word.Status = map[PaymentStatus]string{
		StatusPending: "", StatusUnknown: intentProcessing, StatusRequiresAction: intentNeedsAction, StatusAuthorized: intentHeld,
		StatusCaptured: intentTaken, StatusRefunded: intentTaken, StatusVoided: intentCanceled, StatusFailed: intentNeedsMethod,
	}[PaymentStatus(row.Status)]
	if word.Status == intentHeld {
		word.Capturable = row.Authorized
	} else {
		word.Received, word.Refunded = row.Captured, row.Refunded
	}
	return word
}

func TestAmountsOnTheWire(t *testing.T) {
	for _, each := range []struct {
		currency    string
		ours, wires int64
	}{{"EUR", 1999, 1999}, {"JPY", 500, 500}, {"ISK", 500, 50000}, {"KWD", 12340, 12340}} {
		wire, err := toWire(each.ours, each.currency)
		require.NoError(t, err)
		require.Equal(t, each.wires, wire)
		require.Equal(t, each.ours, fromWire(wire, each.currency))
	}
	_, err := toWire(12345, "KWD")
	require.Error(t, err)
	_, err = toWire(184_467_440_737_100_000, "ISK") // times 100 it would be 448,384 again
	require.Error(t, err)
}
