-- name: ListDueEvents :many
SELECT seq, id, type, body, copies, attempts, created_at
FROM events
WHERE due_at <= now()
ORDER BY due_at, seq
LIMIT @max_rows;

-- name: UpdateDeliveries :exec
-- Notes the results of one batch of deliveries; the epoch as due_at ends the deliveries of an event.
UPDATE events
SET attempts = attempts + 1,
    due_at = nullif(r.due_at, 'epoch'),
    delivered_at = CASE WHEN r.accepted THEN now() ELSE events.delivered_at END,
    copies = CASE WHEN r.accepted THEN 1 ELSE copies END,
    last_result = r.result
FROM (
    SELECT
        unnest(@ids::text[]) AS id,
        unnest(@due_at::timestamptz[]) AS due_at,
        unnest(@accepted::boolean[]) AS accepted,
        unnest(@results::text[]) AS result
) AS r
WHERE events.id = r.id;

-- name: GetEvent :one
SELECT * FROM events WHERE id = @id;

-- name: ListEvents :many
-- Newest first. An empty type or intent means any; before is the seq to continue after, 0 to start.
SELECT *
FROM events
WHERE (@type::text = '' OR type = @type)
  AND (@intent_id::text = '' OR intent_id = @intent_id)
  AND (@before::bigint = 0 OR seq < @before)
ORDER BY seq DESC
LIMIT @max_rows;

-- name: UpdateEventDue :execrows
-- Delivers an event once more.
UPDATE events SET due_at = now(), lost = false WHERE id = @id;
