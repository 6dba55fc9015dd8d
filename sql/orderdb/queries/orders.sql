-- One statement, so that placing an order costs one round trip.
-- name: InsertOrder :one
WITH placed AS (
    INSERT INTO orders (id, user_id, status, payment_status, payment_method, capture, currency, subtotal, discount, shipping, tax, total,
                        shipping_option, shipping_address, operation, idempotency_key, fingerprint, version, created_at, updated_at)
    VALUES (@id, @user_id, 'pending', 'none', @payment_method, @capture, @currency, @subtotal, @discount, @shipping, @tax, @total,
            @shipping_option, @shipping_address, @operation, @idempotency_key, @fingerprint, 1, @at, @at)
    RETURNING id, number
), lines AS (
    INSERT INTO order_lines (order_id, position, id, variant_id, product_id, sku, name, quantity, unit_price, total)
    SELECT @id, line.position, line.id, line.variant_id, line.product_id, line.sku, line.name, line.quantity, line.unit_price, line.unit_price * line.quantity
    FROM (
        SELECT generate_series(0, cardinality(@line_ids::uuid[]) - 1) AS position,
               unnest(@line_ids::uuid[])     AS id,
               unnest(@variant_ids::uuid[])  AS variant_id,
               unnest(@product_ids::uuid[])  AS product_id,
               unnest(@skus::text[])         AS sku,
               unnest(@names::text[])        AS name,
               unnest(@quantities::bigint[]) AS quantity,
               unnest(@unit_prices::bigint[]) AS unit_price
    ) AS line
), event AS (
    INSERT INTO order_events (order_id, version, type, data, actor, at)
    VALUES (@id, 1, @event_type, @event_data, @actor, @at)
), outboxed AS (
    INSERT INTO outbox (id, type, subject, sequence, event, created_at)
    VALUES (@event_id, @event_type, (@id::uuid)::text, 1, @event, @at)
)
SELECT number FROM placed;

-- The one way an order changes: a guarded step from some states to another,
-- with its event and its outbox row, in one statement. A null keeps the column.
-- name: UpdateOrder :one
WITH moved AS (
    UPDATE orders SET
        status              = COALESCE(sqlc.narg(status), status),
        payment_status      = COALESCE(sqlc.narg(payment_status), payment_status),
        payment_id          = COALESCE(sqlc.narg(payment_id), payment_id),
        action_url          = sqlc.narg(action_url),
        fault               = COALESCE(sqlc.narg(fault), fault),
        reason              = COALESCE(sqlc.narg(reason), reason),
        details             = COALESCE(sqlc.narg(details), details),
        cancel_requested_at = COALESCE(sqlc.narg(cancel_requested_at), cancel_requested_at),
        confirmed_at        = COALESCE(sqlc.narg(confirmed_at), confirmed_at),
        closed_at           = COALESCE(sqlc.narg(closed_at), closed_at),
        needs_attention     = NULL,
        version             = version + 1,
        updated_at          = @at
    WHERE orders.id = @id
      AND orders.status = ANY (@from_status::text[])
      AND (NOT @once::boolean OR orders.cancel_requested_at IS NULL)
    RETURNING *
), event AS (
    INSERT INTO order_events (order_id, version, type, data, actor, at)
    SELECT moved.id, moved.version, @event_type, @event_data, @actor, @at
    FROM moved
), outboxed AS (
    INSERT INTO outbox (id, type, subject, sequence, event, created_at)
    SELECT @event_id, @event_type, moved.id::text, moved.version, @event::jsonb || jsonb_build_object('sequence', moved.version), @at
    FROM moved
)
SELECT * FROM moved;

-- name: UpdateOrderAttention :exec
UPDATE orders SET needs_attention = @what WHERE id = @id;

-- name: GetOrder :one
SELECT * FROM orders WHERE id = @id;

-- name: GetOrderByKey :one
SELECT *
FROM orders
WHERE user_id = @user_id
  AND operation = @operation
  AND idempotency_key = @idempotency_key;

-- name: GetCustomerName :one
SELECT name FROM customers WHERE user_id = @user_id;

-- name: ListOrderLines :many
SELECT * FROM order_lines WHERE order_id = ANY (@order_ids::uuid[]) ORDER BY order_id, position;

-- name: ListOrders :many
SELECT *
FROM orders
WHERE (sqlc.narg(user_id)::uuid IS NULL OR user_id = sqlc.narg(user_id))
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status))
  AND (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before))
ORDER BY id DESC
LIMIT @row_limit;

-- name: ListOrderEvents :many
SELECT * FROM order_events WHERE order_id = @order_id ORDER BY version;

-- What no step has touched for a while: pending, awaiting payment, or asked to be cancelled.
-- name: ListUnsettledOrders :many
SELECT *
FROM orders
WHERE status IN ('pending', 'awaiting_payment') AND updated_at < @before
   OR cancel_requested_at < @before AND closed_at IS NULL
ORDER BY id
LIMIT @row_limit;

-- name: ListClosedOrders :many
SELECT id, closed_at::timestamptz AS closed_at
FROM orders
WHERE closed_at >= @since::timestamptz
  AND closed_at < @before::timestamptz
ORDER BY closed_at
LIMIT @row_limit;

-- name: UpsertCustomer :exec
INSERT INTO customers (user_id, name, version)
VALUES (@user_id, @name, @version)
ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, version = excluded.version
WHERE customers.version < excluded.version;
