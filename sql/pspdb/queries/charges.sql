-- name: GetCharge :one
SELECT * FROM charges WHERE id = @id;

-- name: ListCharges :many
-- The charges named, in no order.
SELECT * FROM charges WHERE id = ANY (@ids::text[]);

-- name: ListChargesByIntent :many
-- Newest first.
SELECT * FROM charges WHERE intent_id = @intent_id ORDER BY seq DESC;
