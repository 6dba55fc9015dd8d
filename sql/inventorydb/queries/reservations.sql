-- name: InsertReservation :many
-- Promises all lines to an order or none, in one statement: one round trip,
-- one transaction. It answers one row per line; claimed is false on all of them
-- when it wrote nothing, because the order has a reservation or tombstone
-- already or because a line is short.
--
-- An order takes its turn first (one attempt or release at a time), then locks
-- the stock rows in the order of their ids, so that no two orders can wait for
-- each other. FOR UPDATE answers the newest committed row, not the snapshot's.
WITH wanted AS MATERIALIZED (
    SELECT unnest(@variant_ids::uuid[]) AS variant_id,
           unnest(@quantities::bigint[]) AS quantity
), seen AS MATERIALIZED (
    -- A look without a lock: what is sold out refuses without queueing for the row.
    SELECT wanted.variant_id,
           wanted.quantity,
           coalesce(stock.on_hand - stock.reserved, 0) AS available
    FROM wanted
    LEFT JOIN stock ON stock.variant_id = wanted.variant_id
), turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(uuid_hash_extended(@order_id::uuid, 1))
    WHERE NOT EXISTS (SELECT FROM reservations WHERE reservations.order_id = @order_id::uuid)
      AND NOT EXISTS (SELECT FROM seen WHERE seen.available < seen.quantity)
), locked AS MATERIALIZED (
    SELECT stock.variant_id,
           stock.on_hand - stock.reserved AS available
    FROM stock
    WHERE stock.variant_id = ANY (@variant_ids::uuid[])
      AND EXISTS (SELECT FROM turn)
    ORDER BY stock.variant_id
    FOR NO KEY UPDATE
), claimed AS (
    -- A tombstone written since the snapshot is a conflict too: nothing is inserted.
    INSERT INTO reservations (order_id, status, created_at, holder, reason, actor_id)
    SELECT @order_id::uuid, 'held', @created_at::timestamptz, @holder::text, sqlc.narg(reason)::text, sqlc.narg(actor_id)::uuid
    WHERE EXISTS (SELECT FROM turn)
      AND NOT EXISTS (
          SELECT
          FROM wanted
          LEFT JOIN locked ON locked.variant_id = wanted.variant_id
          WHERE coalesce(locked.available, 0) < wanted.quantity)
    ON CONFLICT (order_id) DO NOTHING
    RETURNING order_id
), moved AS (
    -- The rows are locked and sufficient; should that ever be untrue, the check
    -- stock_reserved fails the whole statement rather than a line of it.
    UPDATE stock
    SET reserved = stock.reserved + wanted.quantity,
        updated_at = @created_at::timestamptz
    FROM wanted, claimed
    WHERE stock.variant_id = wanted.variant_id
    RETURNING stock.variant_id, wanted.quantity
), lines AS (
    INSERT INTO reservation_lines (order_id, variant_id, quantity)
    SELECT @order_id::uuid, moved.variant_id, moved.quantity
    FROM moved
), told AS (
    INSERT INTO outbox (id, type, subject, sequence, event, created_at)
    SELECT @event_id::uuid, @event_type::text, claimed.order_id::text, 1, @event::jsonb, @created_at::timestamptz
    FROM claimed
)
SELECT seen.variant_id::uuid AS variant_id,
       seen.quantity::bigint AS quantity,
       coalesce(locked.available, seen.available)::bigint AS available,
       EXISTS (SELECT FROM claimed)::boolean AS claimed
FROM seen
LEFT JOIN locked ON locked.variant_id = seen.variant_id
ORDER BY seen.variant_id;

-- name: LockReservation :exec
-- Takes the order's turn: the counterpart of turn in InsertReservation.
SELECT pg_advisory_xact_lock(uuid_hash_extended(@order_id::uuid, 1));

-- name: ReleaseReservation :one
-- Gives back what the order holds, that is what has not shipped, and leaves a
-- tombstone. What has shipped altogether stays as it is. It must run in a
-- statement after LockReservation, whose wait may have made this snapshot old.
-- released is false when there was nothing to give back.
WITH held AS MATERIALIZED (
    SELECT order_id FROM reservations WHERE order_id = @order_id::uuid AND status = 'held'
), locked AS MATERIALIZED (
    SELECT stock.variant_id, reservation_lines.quantity - reservation_lines.shipped AS quantity
    FROM held
    JOIN reservation_lines ON reservation_lines.order_id = held.order_id
    JOIN stock ON stock.variant_id = reservation_lines.variant_id
    ORDER BY stock.variant_id
    FOR NO KEY UPDATE OF stock
), moved AS (
    UPDATE stock
    SET reserved = stock.reserved - locked.quantity,
        updated_at = @released_at::timestamptz
    FROM locked
    WHERE stock.variant_id = locked.variant_id
), tombstone AS (
    INSERT INTO reservations (order_id, status, created_at, released_at)
    VALUES (@order_id::uuid, 'released', @released_at::timestamptz, @released_at::timestamptz)
    ON CONFLICT (order_id) DO UPDATE
    SET status = 'released',
        released_at = excluded.released_at,
        version = reservations.version + 1
    WHERE reservations.status = 'held'
    RETURNING version
)
SELECT EXISTS (SELECT FROM held)::boolean AS released,
       coalesce((SELECT version FROM tombstone), 0)::bigint AS version;

-- name: GetReservation :one
SELECT *
FROM reservations
WHERE order_id = @order_id;

-- name: ListReservationLines :many
SELECT *
FROM reservation_lines
WHERE order_id = ANY (@order_ids::uuid[])
ORDER BY order_id, variant_id;

-- name: ListReservations :many
-- An empty status or holder means any, and so does a null variant.
SELECT *
FROM reservations
WHERE reservations.order_id > @after
  AND (@status::text = '' OR status = @status::text)
  AND (@holder::text = '' OR holder = @holder::text)
  AND (sqlc.narg(variant_id)::uuid IS NULL OR EXISTS (
      SELECT
      FROM reservation_lines
      WHERE reservation_lines.order_id = reservations.order_id
        AND reservation_lines.variant_id = sqlc.narg(variant_id)::uuid))
ORDER BY order_id
LIMIT @max_rows;

-- name: ListHeldReservations :many
SELECT order_id
FROM reservations
WHERE order_id = ANY (@order_ids::uuid[])
  AND status = 'held'
ORDER BY order_id;
