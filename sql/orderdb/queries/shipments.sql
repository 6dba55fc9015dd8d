-- name: InsertShipment :exec
WITH shipment AS (
    INSERT INTO shipments (id, order_id, status, carrier, tracking, capture, final, actor, created_at)
    VALUES (@id, @order_id, 'preparing', @carrier, @tracking, @capture, @final, @actor, @at)
)
INSERT INTO shipment_lines (shipment_id, line_id, quantity)
SELECT @id, line.line_id, line.quantity
FROM (SELECT unnest(@line_ids::uuid[]) AS line_id, unnest(@quantities::bigint[]) AS quantity) AS line;

-- name: GetShipment :one
SELECT * FROM shipments WHERE id = @id;

-- name: ListShipments :many
SELECT * FROM shipments WHERE order_id = ANY (@order_ids::uuid[]) ORDER BY order_id, created_at, id;

-- name: ListShipmentLines :many
SELECT shipment_lines.*, shipments.order_id, shipments.status, shipments.capture, order_lines.variant_id, order_lines.product_id, order_lines.position
FROM shipment_lines
JOIN shipments ON shipments.id = shipment_lines.shipment_id
JOIN order_lines ON order_lines.id = shipment_lines.line_id
WHERE shipments.order_id = ANY (@order_ids::uuid[])
ORDER BY shipments.created_at, shipments.id, order_lines.position;

-- A null keeps the column.
-- name: UpdateShipment :execrows
UPDATE shipments SET
    status       = @status,
    carrier      = COALESCE(sqlc.narg(carrier), carrier),
    tracking     = COALESCE(sqlc.narg(tracking), tracking),
    reason       = COALESCE(sqlc.narg(reason), reason),
    capture      = COALESCE(sqlc.narg(capture), capture),
    shipped_at   = COALESCE(sqlc.narg(shipped_at), shipped_at),
    delivered_at = COALESCE(sqlc.narg(delivered_at), delivered_at)
WHERE id = @id
  AND status = @from_status;

-- name: ListStaleShipments :many
SELECT id, order_id FROM shipments WHERE status = 'preparing' AND created_at < @before ORDER BY created_at LIMIT @row_limit;
