-- name: InsertMovement :exec
INSERT INTO movements (id, variant_id, kind, quantity, on_hand, reason, actor_id, created_at)
VALUES (@id, @variant_id, @kind, @quantity, @on_hand, @reason, @actor_id, @created_at);

-- name: GetMovement :one
SELECT variant_id, quantity
FROM movements
WHERE id = @id;
