-- name: GetShipment :one
SELECT *
FROM shipments
WHERE id = @id;

-- name: ListShipmentLines :many
SELECT *
FROM shipment_lines
WHERE shipment_id = @shipment_id
ORDER BY variant_id;

-- name: InsertShipment :exec
WITH shipment AS (
    INSERT INTO shipments (id, order_id, created_at)
    VALUES (@id, @order_id, @created_at)
)
INSERT INTO shipment_lines (shipment_id, variant_id, quantity)
SELECT @id, unnest(@variant_ids::uuid[]), unnest(@quantities::bigint[]);

-- name: ShipLines :execrows
-- Counts what leaves. A line that would ship more than was promised stays as it
-- is, so that fewer rows than asked for are a refusal.
UPDATE reservation_lines
SET shipped = reservation_lines.shipped + leaving.quantity
FROM (
    SELECT unnest(@variant_ids::uuid[]) AS variant_id,
           unnest(@quantities::bigint[]) AS quantity
) AS leaving
WHERE reservation_lines.order_id = @order_id
  AND reservation_lines.variant_id = leaving.variant_id
  AND reservation_lines.shipped + leaving.quantity <= reservation_lines.quantity;

-- name: CompleteReservation :execrows
-- Answers 0 while something has not shipped.
UPDATE reservations
SET status = 'shipped',
    shipped_at = @shipped_at::timestamptz
WHERE reservations.order_id = @order_id
  AND reservations.status = 'held'
  AND NOT EXISTS (
      SELECT
      FROM reservation_lines
      WHERE reservation_lines.order_id = @order_id
        AND reservation_lines.shipped < reservation_lines.quantity);

-- name: GetReturn :one
SELECT *
FROM returns
WHERE id = @id;

-- name: ListReturnLines :many
SELECT *
FROM return_lines
WHERE return_id = @return_id
ORDER BY variant_id;

-- name: InsertReturn :exec
WITH returned AS (
    INSERT INTO returns (id, order_id, created_at)
    VALUES (@id, @order_id, @created_at)
)
INSERT INTO return_lines (return_id, variant_id, quantity)
SELECT @id, unnest(@variant_ids::uuid[]), unnest(@quantities::bigint[]);

-- name: ReturnLines :execrows
-- Counts what comes back. A line that would return more than was shipped stays
-- as it is.
UPDATE reservation_lines
SET returned = reservation_lines.returned + coming.quantity
FROM (
    SELECT unnest(@variant_ids::uuid[]) AS variant_id,
           unnest(@quantities::bigint[]) AS quantity
) AS coming
WHERE reservation_lines.order_id = @order_id
  AND reservation_lines.variant_id = coming.variant_id
  AND reservation_lines.returned + coming.quantity <= reservation_lines.shipped;
