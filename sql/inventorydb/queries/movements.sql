-- name: InsertMovement :exec
INSERT INTO movements (id, variant_id, kind, quantity, on_hand, reason, actor_id, created_at)
VALUES (@id, @variant_id, @kind, @quantity, @on_hand, @reason, @actor_id, @created_at);

-- name: GetMovement :one
SELECT variant_id, quantity
FROM movements
WHERE id = @id;

-- name: InsertOrderMovements :exec
-- What left for an order, or came back from one.
INSERT INTO movements (id, variant_id, kind, quantity, on_hand, reason, order_id, cause_id, created_at)
SELECT unnest(@ids::uuid[]), unnest(@variant_ids::uuid[]), @kind, unnest(@quantities::bigint[]), unnest(@on_hand::bigint[]),
       @reason, @order_id, @cause_id, @created_at;

-- name: ListMovements :many
-- Newest first. An empty kind means any, and so do nulls; before is the position
-- of the last one seen.
SELECT movements.*
FROM movements
JOIN stock ON stock.variant_id = movements.variant_id
WHERE stock.product_id = @product_id
  AND (sqlc.narg(variant_id)::uuid IS NULL OR movements.variant_id = sqlc.narg(variant_id)::uuid)
  AND (@kind::text = '' OR movements.kind = @kind::text)
  AND (sqlc.narg(since)::timestamptz IS NULL OR movements.created_at >= sqlc.narg(since)::timestamptz)
  AND (sqlc.narg(until)::timestamptz IS NULL OR movements.created_at < sqlc.narg(until)::timestamptz)
  AND (sqlc.narg(before_at)::timestamptz IS NULL
       OR (movements.created_at, movements.id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::uuid))
ORDER BY movements.created_at DESC, movements.id DESC
LIMIT @max_rows;
