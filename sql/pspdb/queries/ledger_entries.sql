-- name: ListLedgerEntries :many
-- Oldest first, for a reader that walks all of them.
SELECT * FROM ledger_entries WHERE id > @after ORDER BY id LIMIT @max_rows;

-- name: ListLedgerEntriesByIntent :many
SELECT * FROM ledger_entries WHERE intent_id = ANY (@intent_ids::text[]) ORDER BY id;

-- name: ListBalances :many
-- The balance of every account; the balances of a currency add up to 0.
SELECT m.account::text AS account, m.currency::text AS currency, sum(m.amount)::bigint AS balance
FROM (
    SELECT credit AS account, currency, amount FROM ledger_entries
    UNION ALL
    SELECT debit, currency, -amount FROM ledger_entries
) AS m
GROUP BY m.account, m.currency
ORDER BY m.currency, m.account;
