-- name: InsertTransaction :exec
INSERT INTO transactions (payment_id, version, kind, status, amount, currency, provider_id, code, request_id, created_at)
VALUES (@payment_id, @version, @kind, @status, @amount, @currency, @provider_id, @code, sqlc.narg('request_id'), @created_at);

-- name: InsertLedgerEntry :exec
INSERT INTO ledger_entries (id, payment_id, version, kind, created_at)
VALUES (@id, @payment_id, @version, @kind, @created_at);

-- name: InsertLedgerPostings :exec
INSERT INTO ledger_postings (entry_id, line, account, amount, currency)
SELECT @entry_id::uuid, unnest(@lines::smallint[]), unnest(@accounts::text[]), unnest(@amounts::bigint[]), @currency::text;

-- name: SealLedger :one
SELECT seal_ledger(@max_entries);

-- name: ListTransactions :many
SELECT *
FROM transactions
WHERE payment_id = @payment_id
ORDER BY version;

-- name: ListLedgerAccounts :many
SELECT ledger_accounts.code, ledger_accounts.kind, ledger_accounts.name, ledger_balances.currency, ledger_balances.balance
FROM ledger_accounts
JOIN ledger_balances ON ledger_balances.account = ledger_accounts.code
WHERE (sqlc.narg('currency')::text IS NULL OR ledger_balances.currency = sqlc.narg('currency')::text)
ORDER BY ledger_accounts.code, ledger_balances.currency;

-- name: ListLedgerEntries :many
-- Sealed entries, newest first.
SELECT id, payment_id, version, kind, created_at, sequence::bigint AS sequence, hash
FROM ledger_entries
WHERE sequence IS NOT NULL
  AND sequence < @before::bigint
  AND (sqlc.narg('payment_id')::uuid IS NULL OR payment_id = sqlc.narg('payment_id')::uuid)
  AND (sqlc.narg('kind')::text IS NULL OR kind = sqlc.narg('kind')::text)
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR created_at >= sqlc.narg('created_from')::timestamptz)
  AND (sqlc.narg('created_to')::timestamptz IS NULL OR created_at < sqlc.narg('created_to')::timestamptz)
  AND (sqlc.narg('account')::text IS NULL AND sqlc.narg('currency')::text IS NULL OR EXISTS (
      SELECT FROM ledger_postings
      WHERE ledger_postings.entry_id = ledger_entries.id
        AND (sqlc.narg('account')::text IS NULL OR ledger_postings.account = sqlc.narg('account')::text)
        AND (sqlc.narg('currency')::text IS NULL OR ledger_postings.currency = sqlc.narg('currency')::text)))
ORDER BY sequence DESC
LIMIT @max_rows;

-- name: ListLedgerPostings :many
SELECT *
FROM ledger_postings
WHERE entry_id = ANY (@entry_ids::uuid[])
ORDER BY entry_id, line;
