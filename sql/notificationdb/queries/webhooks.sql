-- name: InsertWebhookEndpoint :one
INSERT INTO webhook_endpoints (id, url, description, event_types, enabled, created_by, created_at, updated_at)
VALUES (@id, @url, @description, @event_types, true, @created_by, @created_at, @created_at)
RETURNING *;

-- name: GetWebhookEndpoint :one
SELECT * FROM webhook_endpoints WHERE id = @id;

-- name: LockWebhookEndpoint :one
SELECT * FROM webhook_endpoints WHERE id = @id FOR UPDATE;

-- name: ListWebhookEndpoints :many
SELECT *
FROM webhook_endpoints
WHERE (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before))
ORDER BY id DESC
LIMIT @row_limit;

-- name: UpdateWebhookEndpoint :one
UPDATE webhook_endpoints
SET url = @url,
    description = @description,
    event_types = @event_types,
    enabled = @enabled,
    disabled_why = @disabled_why,
    secret_number = @secret_number,
    previous_until = @previous_until,
    failing_since = @failing_since,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id
RETURNING *;

-- name: DeleteWebhookEndpoint :execrows
DELETE FROM webhook_endpoints WHERE id = @id;

-- name: InsertWebhookDeliveries :exec
-- Any number of events at once: one for each endpoint that wants to hear it, be
-- it by the type, by its first word with .*, or by *.
INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, payload, status, next_attempt_at, created_at)
SELECT gen_random_uuid(), webhook_endpoints.id, told.event_id, told.type, told.payload, 'pending', @created_at::timestamptz, @created_at
FROM webhook_endpoints
JOIN (
    SELECT unnest(@event_ids::uuid[]) AS event_id,
           unnest(@types::text[])     AS type,
           unnest(@payloads::text[])  AS payload
) AS told ON webhook_endpoints.event_types && ARRAY[told.type, split_part(told.type, '.', 1) || '.*', '*']
WHERE webhook_endpoints.enabled
ON CONFLICT ON CONSTRAINT webhook_deliveries_once DO NOTHING;

-- name: ClaimWebhookDeliveries :many
-- A few of each endpoint, so that one that hangs keeps no other waiting.
UPDATE webhook_deliveries
SET attempts = attempts + 1,
    tries = tries + 1,
    next_attempt_at = now() + make_interval(secs => @lease_seconds::float8)
WHERE id IN (
    SELECT due.id
    FROM webhook_endpoints
    CROSS JOIN LATERAL (
        SELECT waiting.id
        FROM webhook_deliveries AS waiting
        WHERE waiting.endpoint_id = webhook_endpoints.id
          AND waiting.status = 'pending'
          AND waiting.next_attempt_at <= now()
        ORDER BY waiting.next_attempt_at
        LIMIT @of_each
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE webhook_endpoints.enabled
    LIMIT @row_limit
)
RETURNING *;

-- name: SettleWebhookDelivery :execrows
UPDATE webhook_deliveries
SET status = @status,
    response_status = @response_status,
    reason = @reason,
    duration_ms = @duration_ms,
    attempted_at = now(),
    next_attempt_at = NULL,
    settled_at = now()
WHERE id = @id
  AND status = 'pending'
  AND attempts = @attempts;

-- name: DelayWebhookDelivery :execrows
UPDATE webhook_deliveries
SET response_status = @response_status,
    reason = @reason,
    duration_ms = @duration_ms,
    attempted_at = now(),
    next_attempt_at = now() + make_interval(secs => @wait_seconds::float8)
WHERE id = @id
  AND status = 'pending'
  AND attempts = @attempts;

-- name: MarkEndpointWell :exec
UPDATE webhook_endpoints SET failing_since = NULL WHERE id = @id AND failing_since IS NOT NULL;

-- name: MarkEndpointFailing :exec
UPDATE webhook_endpoints SET failing_since = @at::timestamptz WHERE id = @id AND failing_since IS NULL;

-- name: DisableFailingEndpoint :one
-- Answers no row unless it has been failing for so long and is still enabled.
UPDATE webhook_endpoints
SET enabled = false,
    disabled_why = @why,
    version = version + 1,
    updated_at = @at::timestamptz
WHERE id = @id
  AND enabled
  AND failing_since < @failing_before::timestamptz
RETURNING *;

-- name: GetWebhookDelivery :one
SELECT * FROM webhook_deliveries WHERE id = @id AND endpoint_id = @endpoint_id;

-- name: ListWebhookDeliveries :many
SELECT *
FROM webhook_deliveries
WHERE endpoint_id = @endpoint_id
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status))
  AND (sqlc.narg(before_at)::timestamptz IS NULL OR (created_at, id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::uuid))
ORDER BY created_at DESC, id DESC
LIMIT @row_limit;

-- name: ReplayWebhookDelivery :one
UPDATE webhook_deliveries
SET status = 'pending',
    tries = 0,
    next_attempt_at = now(),
    settled_at = NULL
WHERE id = @id
  AND endpoint_id = @endpoint_id
  AND status <> 'pending'
RETURNING *;

-- name: DeleteOldWebhookDeliveries :execrows
DELETE FROM webhook_deliveries
WHERE id IN (
    SELECT old.id
    FROM webhook_deliveries AS old
    WHERE old.created_at < @before
      AND old.status <> 'pending'
    LIMIT 1000
);
