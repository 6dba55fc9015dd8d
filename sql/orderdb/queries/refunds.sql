-- name: InsertRefund :exec
INSERT INTO refunds (id, order_id, status, amount, allocation, words, actor, created_at)
VALUES (@id, @order_id, 'requested', @amount, @allocation, @words, @actor, @at);

-- name: GetRefund :one
SELECT * FROM refunds WHERE id = @id;

-- name: ListRefunds :many
SELECT * FROM refunds WHERE order_id = ANY (@order_ids::uuid[]) ORDER BY order_id, created_at, id;

-- What has succeeded may fail yet: the customer's bank can send it back.
-- name: UpdateRefund :execrows
UPDATE refunds SET
    status       = @status::text,
    reason       = sqlc.narg(reason),
    completed_at = @at::timestamptz
WHERE id = @id
  AND (status = 'requested' OR status = 'succeeded' AND @status::text = 'failed');

-- name: ListStaleRefunds :many
SELECT id, order_id FROM refunds WHERE status = 'requested' AND created_at < @before ORDER BY created_at LIMIT @row_limit;
