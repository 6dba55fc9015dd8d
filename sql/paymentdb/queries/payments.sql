-- name: ClaimPayment :execrows
-- Writes an order's payment and its first attempt, or nothing when the order
-- has a payment or a tombstone already.
WITH claimed AS (
    INSERT INTO payments (id, order_id, user_id, amount, currency, capture, provider, status, created_at, updated_at)
    VALUES (@id, @order_id, @user_id::uuid, @amount, @currency, @capture, @provider, 'pending', @created_at, @created_at)
    ON CONFLICT (order_id) DO NOTHING
    RETURNING id
)
INSERT INTO attempts (key, payment_id, operation, n, amount, payment_method, faults)
SELECT @key, claimed.id, 'authorize', 1, @amount, @payment_method, @faults
FROM claimed;

-- name: GetPayment :one
SELECT *
FROM payments
WHERE id = @id;

-- name: GetPaymentByOrder :one
SELECT *
FROM payments
WHERE order_id = @order_id;

-- name: ListPayments :many
-- Newest first; tombstones are no payments. Null means no filter.
SELECT *
FROM payments
WHERE user_id IS NOT NULL
  AND (sqlc.narg('order_id')::uuid IS NULL OR order_id = sqlc.narg('order_id')::uuid)
  AND (sqlc.narg('user_id')::uuid IS NULL OR user_id = sqlc.narg('user_id')::uuid)
  AND (sqlc.narg('status')::text IS NULL OR status = sqlc.narg('status')::text)
  AND (sqlc.narg('provider')::text IS NULL OR provider = sqlc.narg('provider')::text)
  AND (sqlc.narg('currency')::text IS NULL OR currency = sqlc.narg('currency')::text)
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR created_at >= sqlc.narg('created_from')::timestamptz)
  AND (sqlc.narg('created_to')::timestamptz IS NULL OR created_at < sqlc.narg('created_to')::timestamptz)
  AND (sqlc.narg('before')::uuid IS NULL OR id < sqlc.narg('before')::uuid)
ORDER BY id DESC
LIMIT @max_rows;

-- name: ListUnsettledPayments :many
-- What waits for the provider's word, and what an order that wants no payment
-- still has (the index payments_unsettled); and what was asked without an answer.
-- A transfer takes days; it is looked at when it has come.
SELECT unsettled.order_id
FROM (
    SELECT payments.order_id, payments.updated_at
    FROM payments
    WHERE (payments.status IN ('pending', 'unknown', 'requires_action') OR (payments.voided_at IS NOT NULL AND payments.status IN ('authorized', 'captured')))
      AND payments.updated_at < @untouched_since
      AND (payments.provider <> 'bank_transfer' OR payments.status <> 'requires_action' OR payments.voided_at IS NOT NULL
           OR EXISTS (SELECT FROM bank_transfers WHERE bank_transfers.intent_id = payments.provider_payment_id AND bank_transfers.kind = 'received'))
    UNION
    SELECT payments.order_id, payments.updated_at
    FROM attempts
    JOIN payments ON payments.id = attempts.payment_id
    WHERE attempts.state IN ('in_progress', 'unknown')
      AND attempts.sent_at < @untouched_since
) AS unsettled
ORDER BY unsettled.updated_at
LIMIT @max_rows;

-- name: ListOpenPayments :many
-- Of these orders, those whose payment has, or may yet come to, money.
SELECT order_id
FROM payments
WHERE order_id = ANY (@order_ids::uuid[])
  AND status NOT IN ('voided', 'refunded', 'failed')
ORDER BY order_id;

-- name: ListPaymentsOf :many
-- The payments that some webhooks are about.
SELECT *
FROM payments
WHERE order_id = ANY (@order_ids::uuid[])
   OR provider_payment_id = ANY (@provider_payment_ids::text[]);

-- name: VoidPayment :one
-- Leaves the tombstone: on the order's payment, or in its place.
INSERT INTO payments (id, order_id, amount, currency, capture, status, voided_at, created_at, updated_at)
VALUES (@id, @order_id, 0, 'XXX', 'automatic', 'voided', @voided_at::timestamptz, @voided_at, @voided_at)
ON CONFLICT (order_id) DO UPDATE
SET voided_at = coalesce(payments.voided_at, excluded.voided_at)
RETURNING *;

-- name: UpdatePayment :exec
-- Moves a payment on from the version that the caller has seen. When it has
-- moved meanwhile, nothing is updated, and inserting the transaction of the
-- version fails, and with it the whole change.
UPDATE payments
SET status = @status,
    authorized = @authorized,
    captured = @captured,
    refunded = @refunded,
    provider = @provider,
    wanted_attempt = @wanted_attempt,
    provider_payment_id = @provider_payment_id,
    action_url = @action_url,
    failure = @failure,
    decline_code = @decline_code,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id
  AND version = @seen_version;
