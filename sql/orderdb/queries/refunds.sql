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

-- What waits for its saga first; then what has given back the last of an order's
-- money lately, whose saga may be gone before it gave free the stock that will
-- not be shipped. A saga that has come to its end is not begun again.
-- name: ListStaleRefunds :many
SELECT stale.id, stale.order_id
FROM (
    SELECT waiting.id, waiting.order_id, false AS made, waiting.created_at
    FROM refunds AS waiting
    WHERE waiting.status = 'requested'
      AND waiting.created_at < @before
    UNION ALL
    SELECT last.id, last.order_id, true, last.created_at
    FROM refunds AS last
    JOIN orders ON orders.id = last.order_id
    WHERE last.status = 'succeeded'
      AND last.completed_at < @before
      AND last.completed_at > @made_since::timestamptz
      AND orders.refunded = orders.total
      AND orders.fulfilment NOT IN ('shipped', 'delivered')
) AS stale
ORDER BY stale.made, stale.created_at
LIMIT @row_limit;
