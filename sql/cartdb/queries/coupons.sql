-- name: LockRedemption :exec
-- One attempt or undo of an order at a time, even before it has a row to lock.
SELECT pg_advisory_xact_lock(uuid_hash_extended(@order_id::uuid, 1));

-- name: GetRedemption :one
SELECT order_id, code, user_id, discount, currency, status, redeemed_at, restored_at
FROM coupon_redemptions
WHERE order_id = @order_id;

-- name: TakeCoupon :execrows
-- Takes one use, or answers 0 when the coupon cannot be used now. The limit is
-- in the condition: customers who come at once take turns at the row.
UPDATE coupons
SET uses = uses + 1
WHERE code = @code
  AND deleted_at IS NULL
  AND (starts_at IS NULL OR starts_at <= @at::timestamptz)
  AND (ends_at IS NULL OR ends_at > @at::timestamptz)
  AND (currency IS NULL OR currency = @order_currency::text)
  AND (max_uses IS NULL OR uses < max_uses);

-- name: TakeCustomerUse :execrows
-- Takes one of the customer's uses, or answers 0 when they have none left.
INSERT INTO coupon_customers AS taken (code, user_id, uses)
VALUES (@code, @user_id, 1)
ON CONFLICT (code, user_id) DO UPDATE
SET uses = taken.uses + 1
WHERE taken.uses < (SELECT coalesce(coupons.max_uses_per_customer, 9223372036854775807) FROM coupons WHERE coupons.code = @code);

-- name: InsertRedemption :exec
INSERT INTO coupon_redemptions (order_id, code, user_id, discount, currency, status, redeemed_at)
VALUES (@order_id, @code, @user_id, @discount, @currency, 'redeemed', @redeemed_at);

-- name: RestoreRedemption :one
-- Gives the use back and leaves a tombstone. It must run in a statement after
-- LockRedemption, whose wait may have made this snapshot old.
WITH held AS MATERIALIZED (
    SELECT code, user_id FROM coupon_redemptions WHERE order_id = @order_id::uuid AND status = 'redeemed'
), given_back AS (
    UPDATE coupons
    SET uses = coupons.uses - 1
    FROM held
    WHERE coupons.code = held.code
), given_customer AS (
    UPDATE coupon_customers
    SET uses = coupon_customers.uses - 1
    FROM held
    WHERE coupon_customers.code = held.code
      AND coupon_customers.user_id = held.user_id
)
INSERT INTO coupon_redemptions (order_id, status, restored_at)
VALUES (@order_id::uuid, 'restored', @restored_at::timestamptz)
ON CONFLICT (order_id) DO UPDATE
SET status = 'restored',
    restored_at = coalesce(coupon_redemptions.restored_at, excluded.restored_at)
RETURNING order_id, code, user_id, discount, currency, status, redeemed_at, restored_at;

-- name: GetCoupon :one
-- A coupon with what one customer has used of it.
SELECT sqlc.embed(coupons), coalesce(coupon_customers.uses, 0)::bigint AS customer_uses
FROM coupons
LEFT JOIN coupon_customers ON coupon_customers.code = coupons.code AND coupon_customers.user_id = @user_id
WHERE coupons.code = @code;

-- name: InsertCoupon :execrows
-- Answers 0 when the code is taken.
INSERT INTO coupons (code, kind, basis_points, amount, minimum, currency, starts_at, ends_at, max_uses, max_uses_per_customer, created_at)
VALUES (@code, @kind, @basis_points, @amount, @minimum, @currency, @starts_at, @ends_at, @max_uses, @max_uses_per_customer, @created_at)
ON CONFLICT (code) DO NOTHING;

-- name: DeleteCoupon :execrows
UPDATE coupons
SET deleted_at = @deleted_at::timestamptz
WHERE code = @code
  AND deleted_at IS NULL;

-- name: ListCoupons :many
SELECT *
FROM coupons
WHERE code > @after
  AND (@with_deleted::boolean OR deleted_at IS NULL)
ORDER BY code
LIMIT @max_rows;
