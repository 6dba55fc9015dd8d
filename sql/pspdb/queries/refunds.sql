-- name: GetRefund :one
SELECT * FROM refunds WHERE id = @id;

-- name: ListRefunds :many
-- Newest first. An empty id means any; before is the seq to continue after, 0 to start.
SELECT *
FROM refunds
WHERE (@intent_id::text = '' OR intent_id = @intent_id)
  AND (@charge_id::text = '' OR charge_id = @charge_id)
  AND (@before::bigint = 0 OR seq < @before)
ORDER BY seq DESC
LIMIT @max_rows;

-- name: ListSettlingRefunds :many
SELECT id FROM refunds WHERE settle_at <= now() ORDER BY settle_at LIMIT 100;
