-- name: InsertMovement :execrows
-- Answers 0 when the movement was recorded before.
INSERT INTO movements (id, variant_id, kind, quantity, on_hand, reason, actor_id, created_at)
VALUES (@id, @variant_id, @kind, @quantity, @on_hand, @reason, @actor_id, @created_at)
ON CONFLICT (id) DO NOTHING;
