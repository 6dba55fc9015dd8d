-- name: InsertCart :exec
-- A customer's cart comes into being with its first use; a second attempt at once changes nothing.
INSERT INTO carts (id, user_id, currency, created_at, updated_at)
VALUES (@id, @user_id, @currency, @at, @at)
ON CONFLICT (user_id) DO NOTHING;

-- name: GetCart :one
-- A guest's cart, by its id.
SELECT *
FROM carts
WHERE id = @id
  AND user_id IS NULL;

-- name: GetCartOfUser :one
SELECT *
FROM carts
WHERE user_id = @user_id::uuid;

-- name: LockCart :one
-- A guest's cart, by its id.
SELECT *
FROM carts
WHERE id = @id
  AND user_id IS NULL
FOR UPDATE;

-- name: LockCartOfUser :one
SELECT *
FROM carts
WHERE user_id = @user_id::uuid
FOR UPDATE;

-- name: LockCartByID :one
-- Anybody's cart.
SELECT *
FROM carts
WHERE id = @id
FOR UPDATE;

-- name: UpdateCart :one
-- What has changed in a cart that is locked, its lines included: the next version.
UPDATE carts
SET currency = @currency,
    country = @country,
    shipping_option = @shipping_option,
    coupon = @coupon,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id
RETURNING version;

-- name: DeleteCart :execrows
DELETE FROM carts
WHERE id = @id;

-- name: DeleteCartOfUser :execrows
DELETE FROM carts
WHERE user_id = @user_id::uuid;

-- name: DeleteGuestCarts :execrows
-- In small steps, so that it never holds many locks.
DELETE FROM carts
WHERE id IN (
    SELECT old.id
    FROM carts AS old
    WHERE old.user_id IS NULL
      AND old.updated_at < @before
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED);

-- name: RemindCarts :many
-- Marks carts that lie there as reminded, each once per version. A cart that
-- somebody is changing is not abandoned, and is passed over.
UPDATE carts
SET reminded_version = carts.version
FROM (
    SELECT waiting.id
    FROM carts AS waiting
    WHERE waiting.user_id IS NOT NULL
      AND waiting.reminded_version < waiting.version
      AND waiting.updated_at < @before
      AND EXISTS (SELECT FROM cart_lines WHERE cart_lines.cart_id = waiting.id)
    ORDER BY waiting.updated_at
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
) AS idle
WHERE carts.id = idle.id
RETURNING carts.id, carts.user_id, carts.version;
