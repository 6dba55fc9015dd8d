-- One statement, so that placing an order costs one round trip.
-- name: InsertOrder :one
WITH placed AS (
    INSERT INTO orders (id, user_id, status, payment_status, payment_method, capture, currency, subtotal, discount, shipping, tax, total,
                        shipping_option, shipping_address, operation, idempotency_key, fingerprint, version, created_at, updated_at,
                        cart_id, cart_version, coupon, review_seconds, tax_included, tax_rate_basis_points)
    VALUES (@id, @user_id, 'pending', 'none', @payment_method, @capture, @currency, @subtotal, @discount, @shipping, @tax, @total,
            @shipping_option, @shipping_address, @operation, @idempotency_key, @fingerprint, 1, @at, @at,
            sqlc.narg(cart_id), sqlc.narg(cart_version), sqlc.narg(coupon), @review_seconds, @tax_included, @tax_rate_basis_points)
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
    SELECT @event_id, @event_type, (@id::uuid)::text, 1, jsonb_set(@event::jsonb, '{data,number}', to_jsonb('K-' || placed.number)), @at
    FROM placed
)
SELECT number FROM placed;

-- The one way an order changes: a guarded step from some states to another,
-- with its event and its outbox row, in one statement. A null keeps the column.
-- Whatever needed attention is over by a step, but for those that are taken in
-- spite of it: a shipment that fails, a return whose money could not go back.
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
        fulfilment          = COALESCE(sqlc.narg(fulfilment), fulfilment),
        refunded            = COALESCE(sqlc.narg(refunded), refunded),
        held_from           = COALESCE(sqlc.narg(held_from), held_from),
        needs_attention     = CASE WHEN @event_type::text IN ('order.shipment_failed', 'order.shipment_planned', 'order.delivered', 'order.payment_changed',
                                                              'order.refund_requested', 'order.refund_failed', 'order.return_requested', 'order.return_approved',
                                                              'order.return_received', 'order.return_rejected', 'order.returned')
                                     OR @event_type = 'order.shipped' AND EXISTS ( -- that of another shipment is still to be given back
                                            SELECT FROM refunds JOIN shipments USING (id)
                                            WHERE refunds.order_id = orders.id AND refunds.status = 'failed')
                                   THEN needs_attention END,
        version             = version + 1,
        updated_at          = @at
    WHERE orders.id = @id
      AND orders.status = ANY (@from_status::text[])
      AND (NOT @once::boolean OR (orders.cancel_requested_at IS NULL AND orders.fulfilment = 'none'))
    RETURNING *
), event AS (
    INSERT INTO order_events (order_id, version, type, data, actor, at)
    SELECT moved.id, moved.version, @event_type, @event_data, @actor, @at
    FROM moved
), outboxed AS (
    INSERT INTO outbox (id, type, subject, sequence, event, created_at)
    SELECT @event_id, @event_type, moved.id::text, moved.version,
           @event::jsonb || jsonb_build_object('sequence', moved.version, 'data', (@event::jsonb -> 'data') || jsonb_strip_nulls(jsonb_build_object(
               'number', 'K-' || moved.number,
               'cart_id', moved.cart_id, 'cart_version', moved.cart_version, 'coupon', moved.coupon,
               'discount', CASE WHEN moved.discount > 0 THEN jsonb_build_object('amount', moved.discount, 'currency', moved.currency) END,
               'lines', CASE WHEN @event_type::text = 'order.confirmed' THEN ( -- so that nobody who hears of it must ask
                   SELECT jsonb_agg(jsonb_build_object('variant_id', order_lines.variant_id, 'product_id', order_lines.product_id, 'quantity', order_lines.quantity,
                              'unit_price', jsonb_build_object('amount', order_lines.unit_price, 'currency', moved.currency),
                              'total', jsonb_build_object('amount', order_lines.total, 'currency', moved.currency)) ORDER BY order_lines.position)
                   FROM order_lines
                   WHERE order_lines.order_id = moved.id) END))), @at
    FROM moved
)
SELECT * FROM moved;

-- name: UpdateOrderAttention :exec
UPDATE orders SET needs_attention = @what WHERE id = @id;

-- name: GetOrder :one
SELECT * FROM orders WHERE id = @id;

-- name: ListOrdersByID :many
SELECT * FROM orders WHERE id = ANY(@ids::uuid[]);

-- name: LockOrder :one
SELECT * FROM orders WHERE id = @id FOR UPDATE;

-- name: GetOrderOfPayment :one
SELECT * FROM orders WHERE payment_id = @payment_id;

-- name: GetOrderOfCart :one
SELECT id FROM orders WHERE cart_id = @cart_id AND cart_version = @cart_version AND closed_at IS NULL;

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

-- name: ListCustomerNames :many
SELECT user_id, name FROM customers WHERE user_id = ANY (@user_ids::uuid[]);

-- name: ListOrders :many
SELECT *
FROM orders
WHERE (sqlc.narg(user_id)::uuid IS NULL OR user_id = sqlc.narg(user_id))
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status))
  AND (sqlc.narg(payment_status)::text IS NULL OR payment_status = sqlc.narg(payment_status))
  AND (sqlc.narg(fulfilment)::text IS NULL OR fulfilment = sqlc.narg(fulfilment))
  AND (sqlc.narg(number)::bigint IS NULL OR number = sqlc.narg(number))
  AND (sqlc.narg(created_from)::timestamptz IS NULL OR created_at >= sqlc.narg(created_from))
  AND (sqlc.narg(created_to)::timestamptz IS NULL OR created_at < sqlc.narg(created_to))
  AND (sqlc.narg(variant_id)::uuid IS NULL OR EXISTS (SELECT FROM order_lines WHERE order_lines.order_id = orders.id AND order_lines.variant_id = sqlc.narg(variant_id)))
  AND (sqlc.narg(tracking)::text IS NULL OR EXISTS (SELECT FROM shipments WHERE shipments.order_id = orders.id AND shipments.tracking = sqlc.narg(tracking)))
  AND (NOT @needs_attention::boolean OR needs_attention IS NOT NULL)
  AND (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before))
ORDER BY id DESC
LIMIT @row_limit;

-- name: ListOrderEvents :many
SELECT * FROM order_events WHERE order_id = @order_id AND version > @after ORDER BY version;

-- What no step has touched for a while: not settled, or asked to be cancelled.
-- name: ListUnsettledOrders :many
SELECT *
FROM orders
WHERE (status IN ('pending', 'awaiting_payment', 'in_review', 'held') AND updated_at < @before
   OR cancel_requested_at < @before AND closed_at IS NULL)
  AND id > @after
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

-- What is left of a person in orders that need it no more, and how many still do.
-- name: ForgetCustomer :one
WITH due AS (
    UPDATE orders SET
        shipping_address = jsonb_build_object('name', '', 'line1', '', 'city', '', 'postal_code', '', 'country', shipping_address ->> 'country'),
        forgotten_at     = @at
    WHERE orders.user_id = @user_id
      AND forgotten_at IS NULL
      AND (closed_at IS NOT NULL OR fulfilment IN ('shipped', 'delivered') OR status IN ('refunded', 'returned'))
    RETURNING orders.id
), named AS (
    DELETE FROM customers WHERE customers.user_id = @user_id
)
SELECT (SELECT count(*) FROM due) AS forgotten,
       (SELECT count(*) FROM orders WHERE orders.user_id = @user_id AND orders.forgotten_at IS NULL AND orders.id NOT IN (SELECT due.id FROM due)) AS open;
