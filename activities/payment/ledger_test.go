package payment_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/payment"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pg"
)

// chainBroken counts the sealed entries that are not where, or what, they say.
const chainBroken = `
SELECT count(*)
FROM (SELECT *,
             lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY sequence) AS before,
             row_number() OVER (ORDER BY sequence) AS place
      FROM ledger_entries WHERE sequence IS NOT NULL) AS entry
WHERE sequence <> place OR previous_hash <> before OR hash <> ledger_hash(before, place, id)`

func TestTheLedgerIsAChainWithoutGaps(t *testing.T) {
	c := open(t)
	sealing, stop := context.WithCancel(t.Context())
	var sealers sync.WaitGroup
	for range 3 { // three instances of the service
		sealers.Go(func() {
			for sealing.Err() == nil {
				if _, err := c.SealLedger(sealing, payment.SealLedgerInput{}); err != nil && sealing.Err() == nil {
					require.NoError(t, err)
				}
			}
		})
	}
	var paying sync.WaitGroup
	for range 8 {
		paying.Go(func() {
			for _, in := range []payment.AuthorizePaymentInput{order(visa), order(visa, manual), order(declined), order(visa, manual, yen)} {
				_, _ = c.authorize(in)
				_, _ = c.CapturePayment(t.Context(), payment.CapturePaymentInput{OrderID: in.OrderID, CaptureID: id.New(), Amount: money.New(300, in.Amount.Currency), Final: in.Capture == payment.CaptureAutomatic})
				_, err := c.void(in.OrderID)
				require.NoError(t, err)
				_, _ = c.authorize(order(visa, yen))
			}
		})
	}
	paying.Wait()
	stop()
	sealers.Wait()
	_, err := c.SealLedger(t.Context(), payment.SealLedgerInput{})
	require.NoError(t, err)

	for name, query := range map[string]string{
		"broken links": chainBroken,
		"unsealed":     `SELECT count(*) FROM ledger_entries WHERE sequence IS NULL`,
		"head":         `SELECT count(*) FROM ledger_head WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE (e.sequence, e.hash) = (ledger_head.sequence, ledger_head.hash) AND e.sequence = (SELECT count(*) FROM ledger_entries))`,
		"balances": `SELECT count(*) FROM (SELECT account, currency, sum(amount)::bigint AS balance FROM ledger_postings GROUP BY 1, 2) AS summed
		             FULL JOIN ledger_balances USING (account, currency) WHERE summed.balance IS DISTINCT FROM ledger_balances.balance`,
	} {
		var off int
		require.NoError(t, c.pool.QueryRow(t.Context(), query).Scan(&off), name)
		require.Zero(t, off, name)
	}
	accounts, err := c.ListLedgerAccounts(t.Context(), payment.ListLedgerAccountsInput{})
	require.NoError(t, err)
	balance := map[string]money.Money{}
	for _, each := range accounts.Accounts {
		balance[each.Code+" "+each.Balance.Currency] = each.Balance
	}
	require.Equal(t, money.New(8*4*500, "JPY"), balance["provider_clearing JPY"])
	require.Equal(t, money.New(-8*4*500, "JPY"), balance["customer_orders JPY"])
	require.Equal(t, money.New(0, "EUR"), balance["provider_clearing EUR"])
	require.Equal(t, money.New(0, "EUR"), balance["card_holds EUR"])

	// Page by page, newest first, every entry once.
	seen := int64(0)
	for page := (payment.ListLedgerEntriesInput{Limit: 7}); ; {
		got, err := c.ListLedgerEntries(t.Context(), page)
		require.NoError(t, err)
		if len(got.Entries) == 0 {
			break
		}
		for _, entry := range got.Entries {
			require.True(t, page.Before == 0 || entry.Sequence == page.Before-1)
			page.Before = entry.Sequence
			require.GreaterOrEqual(t, len(entry.Postings), 2)
			seen++
		}
	}
	require.Equal(t, c.count("SELECT count(*) FROM ledger_entries"), seen)
	c.agree()
}

func yen(in *payment.AuthorizePaymentInput) { in.Amount = money.New(500, "JPY") }

func (c *till) count(query string) (n int64) {
	c.t.Helper()
	require.NoError(c.t, c.pool.QueryRow(c.t.Context(), query).Scan(&n))
	return n
}

// TestTheSchemaRefusesToLie tries to write what must not be.
func TestTheSchemaRefusesToLie(t *testing.T) {
	c := open(t)
	got, err := c.AuthorizePayment(t.Context(), order(visa))
	require.NoError(t, err)
	_, err = c.AuthorizePayment(t.Context(), order(challenged))
	require.NoError(t, err)
	_, err = c.SealLedger(t.Context(), payment.SealLedgerInput{})
	require.NoError(t, err)
	for constraint, statement := range map[string]string{
		"ledger_balanced":        `INSERT INTO ledger_postings SELECT id, 3, 'card_holds', 1, 'EUR' FROM ledger_entries`,
		"append_only":            `UPDATE ledger_postings SET amount = 2 * amount`,
		"payments_money":         `UPDATE payments SET refunded = captured + 1 WHERE status = 'captured'`,
		"payments_status":        `UPDATE payments SET status = 'refunded' WHERE status = 'captured'`,
		"payments_order_id":      `UPDATE payments SET order_id = '` + got.OrderID.String() + `'`,
		"attempts_pkey":          `INSERT INTO attempts (key, payment_id, operation, n, amount) SELECT key, payment_id, operation, n, amount FROM attempts`,
		"attempts_open":          `INSERT INTO attempts (key, payment_id, operation, n, amount) SELECT id || 'k' || g, id, 'void', 1, 1 FROM payments, generate_series(1, 2) AS g`,
		"transactions_pkey":      `INSERT INTO transactions SELECT * FROM transactions`,
		"payments_tombstone":     `UPDATE payments SET user_id = NULL`,
		"ledger_accounts_kind":   `UPDATE ledger_accounts SET kind = 'revenue'`,
		"payments_version":       `UPDATE payments SET version = 0`,
		"attempts_finished":      `UPDATE attempts SET state = 'unknown'`,
		"ledger_entries_sealed":  `INSERT INTO ledger_entries (id, payment_id, version, kind, created_at, sequence) SELECT gen_random_uuid(), payment_id, version, kind, created_at, 9 FROM transactions`,
		"ledger_postings_amount": `INSERT INTO ledger_postings SELECT id, 3, 'card_holds', 0, 'EUR' FROM ledger_entries`,
	} {
		_, err := c.pool.Exec(t.Context(), statement)
		require.Equal(t, constraint, pg.Constraint(err), statement)
	}
	for _, statement := range []string{
		`DELETE FROM transactions`, `UPDATE transactions SET amount = 0`, `DELETE FROM ledger_entries`, `UPDATE ledger_entries SET kind = 'voided'`,
		`UPDATE ledger_entries SET sequence = 7`, `DELETE FROM ledger_postings`, `TRUNCATE ledger_postings`,
	} {
		_, err := c.pool.Exec(t.Context(), statement)
		require.Equal(t, "append_only", pg.Constraint(err), statement)
	}
	c.agree()
}
