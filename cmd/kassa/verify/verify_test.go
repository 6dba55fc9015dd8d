package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/cmd/kassa/verify"
)

func TestAConsistentShopPasses(t *testing.T) {
	w := openShop(t)
	report := w.check()
	shown := &bytes.Buffer{}
	require.NoError(t, report.Print(shown))
	t.Log("\n" + shown.String())
	require.True(t, report.OK())
	for _, result := range report.Results {
		require.Positive(t, result.Rows, "%s looked at nothing", result.ID)
		require.Empty(t, result.Skipped)
	}
	document, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(document), `{"id":"I1","name":"0 ≤ reserved ≤ on hand","ok":true,"rows":2,"violations":0,"findings":[]`)

	t.Run("with sagas that were reset and started again", func(t *testing.T) {
		w := w.copied(t)
		again := w.sagas.add(checkoutOf(w.bought), completed)
		again.First = w.sagas.runs[0].Run // a reset shares the first run
		w.sagas.runs[0].ID = again.ID
		w.sagas.of(checkoutOf(w.awaiting)).Status = terminated
		w.sagas.add(checkoutOf(w.awaiting), running)
		require.Empty(t, w.check().Broken())
	})
	t.Run("without Temporal, a sandbox provider and the broker", func(t *testing.T) {
		report := w.copied(t).check(func(c *verify.Config) { c.Sagas, c.Provider, c.NATS = nil, "", "" })
		require.True(t, report.OK())
		var skipped []string
		for _, result := range report.Results {
			if result.Skipped != "" {
				skipped = append(skipped, result.ID)
			}
		}
		require.Equal(t, []string{"O5", "P4", "E5", "W1", "W2"}, skipped)
		require.Contains(t, report.Summary(), fmt.Sprintf("%d invariants checked strictly", len(report.Results)-len(skipped)))
		require.Contains(t, report.Summary(), "5 not checked: all hold.")
	})
}

func TestARunningSystemMayHaveThingsUnderWay(t *testing.T) {
	w := openShop(t)
	w.sagas.forget(checkoutOf(w.place(w.bought.UserID, 1))) // it starts in a moment
	w.exec("orders", "UPDATE outbox SET published_at = NULL WHERE type = 'order.created'", "DELETE FROM inbox WHERE type = 'payment.received'")
	w.exec("payments", "UPDATE webhooks SET applied_at = NULL, outcome = ''",
		"UPDATE attempts SET state = 'in_progress', finished_at = NULL, sent_at = now() WHERE state = 'requires_action'")
	w.charge(w.soldOut.ID.String()) // the answer has not come yet
	w.buy(w.payments(), w.bought.UserID, "pm_card_visa", "automatic")

	running := func(c *verify.Config) { c.Strict = false }
	require.Empty(t, w.check(running).Broken(), "within the grace")
	require.Equal(t, []string{"O5", "P3", "P4", "P5", "L3", "E1", "E2"}, w.check().Broken(), "strictly")
	require.Equal(t, []string{"O5", "P3", "P4", "P5", "L3", "E1", "E2"},
		w.check(running, func(c *verify.Config) { c.Grace = -1 }).Broken(), "after the grace")
}

func TestAFindingMustBeThereStillAtTheSecondLook(t *testing.T) {
	w := openShop(t)
	w.exec("inventory", "UPDATE stock SET reserved = reserved + 1")
	first := w.check(func(c *verify.Config) { c.Again = time.Millisecond })
	require.Equal(t, []string{"I2"}, first.Broken(), "it stays")

	report := w.check(func(c *verify.Config) {
		c.Again = time.Millisecond
		c.Progress = func(say string) {
			require.Contains(t, say, "looking again")
			w.exec("inventory", "UPDATE stock SET reserved = reserved - 1", "UPDATE movements SET quantity = quantity + 1 WHERE kind = 'adjust'")
		}
	})
	require.Empty(t, report.Broken(), "one was mended, the other not seen twice")
}

func TestAStrictCheckWaitsUntilTheSystemIsQuiet(t *testing.T) {
	w := openShop(t)
	w.buy(w.payments(), w.bought.UserID, "pm_card_visa", "automatic")
	late := w.place(w.bought.UserID, 1)
	waiting := func(c *verify.Config) { c.Settle = time.Nanosecond }

	report := w.check(waiting)
	require.False(t, report.OK())
	require.Contains(t, report.Busy, "orders under way: 1")
	require.Contains(t, report.Busy, "ledger entries to seal: 1")
	shown := &bytes.Buffer{}
	require.NoError(t, report.Print(shown))
	require.Contains(t, shown.String(), "FAIL  the system did not become quiet: orders under way: 1\n")
	require.Contains(t, shown.String(), "; the system is not quiet.\n")

	w.close(late, payment.ErrCardDeclined)
	w.sagas.of(checkoutOf(late)).Status = running
	w.publish()
	require.Equal(t, []string{"sagas to end: 1"}, w.check(waiting).Busy)

	w.sagas.asked = func() { w.sagas.of(checkoutOf(late)).Status = failed } // while the check waits
	require.True(t, w.check(func(c *verify.Config) { c.Settle = time.Minute }).OK())
}

func TestAReportShowsTheFirstFindings(t *testing.T) {
	report := verify.Report{Results: []verify.Result{{ID: "I1", Name: "a rule", Rows: 7}, {ID: "W1", Name: "another", Skipped: "no Temporal to ask"}}}
	for _, key := range strings.Split("a b c d e f g", " ") {
		report.Results[0].Findings = append(report.Results[0].Findings, verify.Finding{Key: key, What: "is wrong"})
	}
	shown := &bytes.Buffer{}
	require.NoError(t, report.Print(shown))
	require.Equal(t, `FAIL  I1  a rule   7 checked           7 violations  0.0 ms
          a: is wrong
          b: is wrong
          c: is wrong
          d: is wrong
          e: is wrong
          … and 2 more
skip  W1  another  no Temporal to ask  0 violations  0.0 ms
1 invariants checked on the running system in 0s, 1 not checked: broken I1.
`, shown.String())
}
