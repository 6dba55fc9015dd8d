-- name: LockProduct :exec
-- One change of a product's stock at a time, even before it has a row to lock.
SELECT pg_advisory_xact_lock(uuid_hash_extended(@product_id::uuid, 2));

-- name: ListStock :many
SELECT *
FROM stock
WHERE product_id = @product_id
ORDER BY variant_id;

-- name: LockStock :many
-- As ListStock, and keeps everybody else from changing it. The order of the ids
-- is the one in which reservations and shipments lock the same rows.
SELECT *
FROM stock
WHERE product_id = @product_id
ORDER BY variant_id
FOR NO KEY UPDATE;

-- name: GetStock :one
SELECT *
FROM stock
WHERE variant_id = @variant_id;

-- name: ListAvailable :many
SELECT variant_id, (on_hand - reserved)::bigint AS available
FROM stock
WHERE variant_id = ANY (@variant_ids::uuid[])
ORDER BY variant_id;

-- name: UpdateLowAt :exec
UPDATE stock
SET low_at = @low_at,
    updated_at = @updated_at
WHERE variant_id = @variant_id;

-- name: MoveStock :many
-- Adds to what is on hand and reserved, of several variants at once. The rows
-- are locked in the order of their ids, as everywhere.
WITH wanted AS MATERIALIZED (
    SELECT unnest(@variant_ids::uuid[]) AS variant_id,
           unnest(@on_hand::bigint[])   AS on_hand,
           unnest(@reserved::bigint[])  AS reserved
), locked AS MATERIALIZED (
    SELECT stock.variant_id
    FROM stock
    WHERE stock.variant_id = ANY (@variant_ids::uuid[])
    ORDER BY stock.variant_id
    FOR NO KEY UPDATE
)
UPDATE stock
SET on_hand = stock.on_hand + wanted.on_hand,
    reserved = stock.reserved + wanted.reserved,
    version = stock.version + 1,
    updated_at = @updated_at::timestamptz
FROM wanted
JOIN locked ON locked.variant_id = wanted.variant_id
WHERE stock.variant_id = wanted.variant_id
RETURNING stock.variant_id, stock.product_id, stock.on_hand, stock.reserved, stock.version;

-- name: LockStockToTell :many
-- What is other than was last told of it, in the words of the column told. What
-- somebody is changing is passed over until next time.
SELECT variant_id, product_id, (on_hand - reserved)::bigint AS available, version, told,
       (CASE WHEN on_hand = reserved THEN 'out' WHEN on_hand - reserved <= low_at THEN 'low' ELSE 'in' END)::text AS level
FROM stock
WHERE told <> CASE WHEN on_hand = reserved THEN 'out' WHEN on_hand - reserved <= low_at THEN 'low' ELSE 'in' END
ORDER BY variant_id
LIMIT @max_rows
FOR NO KEY UPDATE SKIP LOCKED;

-- name: UpdateTold :exec
UPDATE stock
SET told = @told,
    version = @version
WHERE variant_id = @variant_id;

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
