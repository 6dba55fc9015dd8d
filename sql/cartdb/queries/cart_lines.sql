-- name: ListCartLines :many
SELECT *
FROM cart_lines
WHERE cart_id = @cart_id
ORDER BY added_at, id;

-- name: UpsertCartLine :exec
INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_price, added_at)
VALUES (@id, @cart_id, @variant_id, @quantity, @seen_price, @added_at)
ON CONFLICT (cart_id, variant_id) DO UPDATE
SET quantity = excluded.quantity,
    seen_price = excluded.seen_price;

-- name: DeleteCartLine :execrows
DELETE FROM cart_lines
WHERE cart_id = @cart_id
  AND id = @id;

-- name: DeleteCartLines :execrows
DELETE FROM cart_lines
WHERE cart_id = @cart_id;

-- name: ForgetSeenPrices :exec
-- They were in another currency.
UPDATE cart_lines
SET seen_price = NULL
WHERE cart_id = @cart_id;

-- name: SubtractCartLine :exec
-- Takes out what was bought of a cart that has moved on; nothing goes below 1.
WITH gone AS (
    DELETE FROM cart_lines
    WHERE cart_lines.cart_id = @cart_id
      AND cart_lines.variant_id = @variant_id
      AND cart_lines.quantity <= @quantity::bigint
    RETURNING id
)
UPDATE cart_lines
SET quantity = cart_lines.quantity - @quantity::bigint
WHERE cart_lines.cart_id = @cart_id
  AND cart_lines.variant_id = @variant_id
  AND cart_lines.quantity > @quantity::bigint
  AND NOT EXISTS (SELECT FROM gone);
