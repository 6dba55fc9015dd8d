-- name: InsertReturn :exec
WITH goods AS (
    INSERT INTO returns (id, order_id, status, reason, restock, actor, version, created_at, updated_at)
    VALUES (@id, @order_id, 'requested', @reason, true, @actor, 1, @at, @at)
)
INSERT INTO return_lines (return_id, line_id, quantity)
SELECT @id, line.line_id, line.quantity
FROM (SELECT unnest(@line_ids::uuid[]) AS line_id, unnest(@quantities::bigint[]) AS quantity) AS line;

-- name: GetReturn :one
SELECT * FROM returns WHERE id = @id;

-- name: ListReturns :many
SELECT * FROM returns WHERE order_id = ANY (@order_ids::uuid[]) ORDER BY order_id, created_at, id;

-- name: ListReturnLines :many
SELECT return_lines.*, returns.order_id, returns.status, order_lines.variant_id
FROM return_lines
JOIN returns ON returns.id = return_lines.return_id
JOIN order_lines ON order_lines.id = return_lines.line_id
WHERE returns.order_id = ANY (@order_ids::uuid[])
ORDER BY returns.created_at, returns.id, order_lines.position;

-- name: UpdateReturn :execrows
UPDATE returns SET
    status       = @status,
    note         = COALESCE(sqlc.narg(note), note),
    restock      = COALESCE(sqlc.narg(restock), restock),
    version      = version + 1,
    updated_at   = @at,
    completed_at = sqlc.narg(completed_at)
WHERE id = @id
  AND status = @from_status;

-- name: ListStaleReturns :many
SELECT *
FROM returns
WHERE status IN ('requested', 'approved', 'received')
  AND updated_at < @before
  AND id > @after
ORDER BY id
LIMIT @row_limit;
