-- name: SavePayment :one
-- Writes everything one request changes, in one statement and so in one transaction and one round
-- trip: the intent, its charge, its refund, the ledger, the webhook events, and the reply kept for
-- the idempotency key. It answers 1 when it wrote and 0 when it wrote nothing, because the intent
-- is no longer at the version that was read (0 for a new one) or because the key was used before.
-- An empty key, charge id or refund id means there is none; no event_due_at, that the events are lost.
WITH current AS (
    SELECT id
    FROM payment_intents
    WHERE id = sqlc.arg(id)::text
      AND version = sqlc.arg(read_version)::integer
    FOR UPDATE
), unchanged AS (
    SELECT 1 FROM current
    UNION ALL
    SELECT 1 WHERE sqlc.arg(read_version)::integer = 0
), kept AS (
    INSERT INTO idempotency_keys (key, path, fingerprint, status, body, request_id)
    SELECT
        sqlc.arg(key)::text, sqlc.arg(path)::text, sqlc.arg(fingerprint)::bytea,
        sqlc.arg(reply_status)::integer, sqlc.arg(reply_body)::text, sqlc.arg(request_id)::text
    FROM unchanged
    WHERE sqlc.arg(key)::text <> ''
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
), go AS (
    SELECT 1 FROM kept
    UNION ALL
    SELECT 1 FROM unchanged WHERE sqlc.arg(key)::text = ''
), intent AS (
    INSERT INTO payment_intents (
        id, version, order_id, amount, currency, capture_method, confirmation_method, status,
        payment_method, redirects, multicapture, off_session, description, metadata, return_url, client_secret,
        amount_capturable, amount_received, amount_refunded, latest_charge, last_error,
        cancellation_reason, settle_at, settle_as, created_at, canceled_at)
    SELECT
        sqlc.arg(id)::text, sqlc.arg(read_version)::integer + 1, sqlc.arg(order_id)::text,
        sqlc.arg(amount)::bigint, sqlc.arg(currency)::text, sqlc.arg(capture_method)::text,
        sqlc.arg(confirmation_method)::text, sqlc.arg(status)::text, sqlc.arg(payment_method)::text,
        sqlc.arg(redirects)::boolean, sqlc.arg(multicapture)::boolean, sqlc.arg(off_session)::boolean,
        sqlc.arg(description)::text, sqlc.arg(metadata)::jsonb,
        sqlc.arg(return_url)::text, sqlc.arg(client_secret)::text, sqlc.arg(amount_capturable)::bigint,
        sqlc.arg(amount_received)::bigint, sqlc.arg(amount_refunded)::bigint, sqlc.arg(latest_charge)::text,
        sqlc.narg(last_error)::jsonb, sqlc.arg(cancellation_reason)::text, sqlc.narg(settle_at)::timestamptz,
        sqlc.arg(settle_as)::text, sqlc.arg(created_at)::timestamptz, sqlc.narg(canceled_at)::timestamptz
    FROM go
    ON CONFLICT (id) DO UPDATE SET
        version = excluded.version,
        status = excluded.status,
        payment_method = excluded.payment_method,
        off_session = excluded.off_session,
        metadata = excluded.metadata,
        return_url = excluded.return_url,
        amount_capturable = excluded.amount_capturable,
        amount_received = excluded.amount_received,
        amount_refunded = excluded.amount_refunded,
        latest_charge = excluded.latest_charge,
        last_error = excluded.last_error,
        cancellation_reason = excluded.cancellation_reason,
        settle_at = excluded.settle_at,
        settle_as = excluded.settle_as,
        canceled_at = excluded.canceled_at
    RETURNING 1
), charge AS (
    INSERT INTO charges (
        id, intent_id, amount, currency, status, payment_method,
        amount_captured, amount_released, amount_refunded, decline_code, created_at)
    SELECT
        sqlc.arg(charge_id)::text, sqlc.arg(id)::text, sqlc.arg(amount)::bigint,
        sqlc.arg(currency)::text, sqlc.arg(charge_status)::text,
        sqlc.arg(charge_method)::text, sqlc.arg(charge_captured)::bigint, sqlc.arg(charge_released)::bigint,
        sqlc.arg(charge_refunded)::bigint, sqlc.arg(charge_decline_code)::text,
        sqlc.arg(charge_created_at)::timestamptz
    FROM go
    WHERE sqlc.arg(charge_id)::text <> ''
    ON CONFLICT (id) DO UPDATE SET
        amount_captured = excluded.amount_captured,
        amount_released = excluded.amount_released,
        amount_refunded = excluded.amount_refunded
), refund AS (
    INSERT INTO refunds (
        id, intent_id, charge_id, amount, currency, status, reason, metadata,
        settle_at, settle_as, created_at)
    SELECT
        sqlc.arg(refund_id)::text, sqlc.arg(id)::text, sqlc.arg(charge_id)::text,
        sqlc.arg(refund_amount)::bigint, sqlc.arg(currency)::text,
        sqlc.arg(refund_status)::text, sqlc.arg(refund_reason)::text, sqlc.arg(refund_metadata)::jsonb,
        sqlc.narg(refund_settle_at)::timestamptz, sqlc.arg(refund_settle_as)::text,
        sqlc.arg(refund_created_at)::timestamptz
    FROM go
    WHERE sqlc.arg(refund_id)::text <> ''
    ON CONFLICT (id) DO UPDATE SET
        status = excluded.status,
        settle_at = excluded.settle_at,
        settle_as = excluded.settle_as
), entries AS (
    INSERT INTO ledger_entries (
        intent_id, charge_id, refund_id, kind, debit, credit, amount, currency, created_at)
    SELECT
        sqlc.arg(id)::text, sqlc.arg(charge_id)::text,
        unnest(sqlc.arg(entry_refunds)::text[]), unnest(sqlc.arg(entry_kinds)::text[]),
        unnest(sqlc.arg(entry_debits)::text[]), unnest(sqlc.arg(entry_credits)::text[]),
        unnest(sqlc.arg(entry_amounts)::bigint[]),
        sqlc.arg(currency)::text, sqlc.arg(now)::timestamptz
    FROM go
), happened AS (
    INSERT INTO events (id, type, intent_id, body, created_at, due_at, copies, lost)
    SELECT
        unnest(sqlc.arg(event_ids)::text[]), unnest(sqlc.arg(event_types)::text[]),
        sqlc.arg(id)::text, unnest(sqlc.arg(event_bodies)::text[]),
        sqlc.arg(now)::timestamptz, sqlc.narg(event_due_at)::timestamptz, sqlc.arg(event_copies)::integer,
        sqlc.narg(event_due_at)::timestamptz IS NULL
    FROM go
)
SELECT count(*) FROM intent;

-- name: GetPaymentIntent :one
SELECT * FROM payment_intents WHERE id = @id;

-- name: ListPaymentIntents :many
-- Newest first. before is the seq to continue after, 0 to start.
SELECT *
FROM payment_intents
WHERE (@before::bigint = 0 OR seq < @before)
  AND created_at >= @created_from
  AND created_at < @created_until
ORDER BY seq DESC
LIMIT @max_rows;

-- name: ListPaymentIntentsByOrder :many
-- Newest first.
SELECT * FROM payment_intents WHERE order_id = @order_id ORDER BY seq DESC;

-- name: ListPaymentIntentsByMetadata :many
-- Newest first. visible_until hides what the search index would not have yet.
SELECT *
FROM payment_intents
WHERE metadata @> @metadata::jsonb
  AND (@order_id::text = '' OR order_id = @order_id)
  AND (@status::text = '' OR status = @status)
  AND created_at <= @visible_until
  AND (@before::bigint = 0 OR seq < @before)
ORDER BY seq DESC
LIMIT @max_rows;

-- name: ListPaymentIntentsAfter :many
-- Oldest first, for a reader that walks all of them.
SELECT * FROM payment_intents WHERE seq > @after ORDER BY seq LIMIT @max_rows;

-- name: ListSettlingPaymentIntents :many
SELECT id FROM payment_intents WHERE settle_at <= now() ORDER BY settle_at LIMIT 100;
