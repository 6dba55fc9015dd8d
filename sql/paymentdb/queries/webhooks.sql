-- name: InsertWebhooks :exec
-- A repeat is dropped. A nil UUID stands for no order.
INSERT INTO webhooks (id, type, provider_payment_id, order_id, payload)
SELECT unnest(@ids::text[]),
       unnest(@types::text[]),
       unnest(@provider_payment_ids::text[]),
       nullif(unnest(@order_ids::uuid[]), '00000000-0000-0000-0000-000000000000'),
       unnest(@payloads::text[])::json
ON CONFLICT (id) DO NOTHING;

-- name: ListWaitingWebhooks :many
SELECT id, type, provider_payment_id, order_id, payload, tries
FROM webhooks
WHERE applied_at IS NULL
  AND due_at <= now()
ORDER BY due_at
LIMIT @max_rows;

-- name: FinishWebhooks :exec
UPDATE webhooks
SET applied_at = now(),
    outcome = done.outcome
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@outcomes::text[]) AS outcome) AS done
WHERE webhooks.id = done.id
  AND webhooks.applied_at IS NULL;

-- name: DelayWebhooks :exec
UPDATE webhooks
SET due_at = now() + delayed.seconds * interval '1 second',
    tries = webhooks.tries + delayed.failed
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@seconds::integer[]) AS seconds, unnest(@failed::integer[]) AS failed) AS delayed
WHERE webhooks.id = delayed.id
  AND webhooks.applied_at IS NULL;
