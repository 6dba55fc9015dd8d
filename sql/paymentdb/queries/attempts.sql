-- name: InsertAttempt :one
-- Starts the next attempt at an operation, unless one at the payment is open, or
-- the payment has moved on from the version that was seen (null for any), or the
-- capture or refund that it is for has come to its end: somebody else may have
-- made it since the caller looked, and the next key would make it twice. A refund
-- may have the id of the capture that it gives back.
INSERT INTO attempts (key, payment_id, operation, n, amount, payment_method, faults, request_id, final)
SELECT payments.order_id || ':' || @operation::text || ':' || past.n + 1, payments.id, @operation::text, past.n + 1, @amount, @payment_method, @faults,
       sqlc.narg('request_id'), @final
FROM payments,
     (SELECT count(*)::integer AS n FROM attempts WHERE attempts.payment_id = @payment_id AND attempts.operation = @operation::text) AS past
WHERE payments.id = @payment_id
  AND (sqlc.narg('seen_version')::bigint IS NULL OR payments.version = sqlc.narg('seen_version')::bigint)
  AND NOT (@operation::text = 'refund' AND EXISTS (SELECT FROM refunds WHERE refunds.id = sqlc.narg('request_id') AND refunds.status <> 'requested'))
  AND NOT (@operation::text = 'capture' AND EXISTS (SELECT FROM captures WHERE captures.id = sqlc.narg('request_id') AND captures.status <> 'requested'))
FOR SHARE OF payments
ON CONFLICT DO NOTHING
RETURNING *;

-- name: TakeAttempt :one
-- Takes over the open attempt of a payment whose sender is gone or got no
-- answer. 10 s is longer than any sender waits: see answerWithin.
UPDATE attempts
SET state = 'in_progress',
    sent_at = now(),
    sends = sends + 1
WHERE payment_id = @payment_id
  AND (state = 'unknown' OR (state = 'in_progress' AND sent_at < now() - interval '10 seconds'))
RETURNING *;

-- name: GetOpenAttempt :one
SELECT *
FROM attempts
WHERE payment_id = @payment_id
  AND state IN ('in_progress', 'unknown');

-- name: ListAttempts :many
SELECT *
FROM attempts
WHERE payment_id = @payment_id
ORDER BY first_sent_at, key;

-- name: GetAuthorization :one
-- The newest attempt to authorize.
SELECT *
FROM attempts
WHERE payment_id = @payment_id
  AND operation = 'authorize'
ORDER BY n DESC
LIMIT 1;

-- name: ListBusyPayments :many
-- Of these payments, those whose open attempt somebody is waiting on.
SELECT payment_id
FROM attempts
WHERE payment_id = ANY (@payment_ids::uuid[])
  AND state = 'in_progress'
  AND sent_at > now() - interval '10 seconds';

-- name: FinishAttempt :execrows
-- Records how an attempt ended, unless somebody else has taken it over.
UPDATE attempts
SET state = @state::text,
    provider_id = @provider_id,
    error = @error,
    finished_at = CASE WHEN @state::text = 'unknown' THEN NULL ELSE now() END
WHERE key = @key
  AND sends = @sends
  AND state IN ('in_progress', 'unknown');

-- name: FinishAuthorization :exec
-- Records what the provider has decided about a payment's authorization, for
-- whichever attempt waits for it, or for the customer.
UPDATE attempts
SET state = @state::text,
    provider_id = @provider_id,
    error = @error,
    finished_at = CASE WHEN @state::text = 'unknown' THEN NULL ELSE now() END
WHERE payment_id = @payment_id
  AND operation = 'authorize'
  AND state IN ('in_progress', 'unknown', 'requires_action');
