-- name: LockProduct :exec
-- One change of a product's stock at a time, even before it has a row to lock.
SELECT pg_advisory_xact_lock(uuid_hash_extended(@product_id::uuid, 2));

-- name: ListStock :many
SELECT variant_id, product_id, on_hand, reserved, version, updated_at
FROM stock
WHERE product_id = @product_id
ORDER BY variant_id;

-- name: InsertStock :execrows
-- Answers 0 when the variant has stock already.
INSERT INTO stock (variant_id, product_id, on_hand, updated_at)
VALUES (@variant_id, @product_id, @on_hand, @updated_at)
ON CONFLICT (variant_id) DO NOTHING;

-- name: UpdateStock :execrows
-- Answers 0 when fewer units would remain than are reserved.
UPDATE stock
SET on_hand = @on_hand,
    version = version + 1,
    updated_at = @updated_at
WHERE variant_id = @variant_id
  AND reserved <= @on_hand;
