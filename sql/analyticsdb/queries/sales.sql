-- name: UpsertSalesPlaced :exec
-- Any number of orders at once. A fact that is there stays: whatever has come
-- before, it was the same one.
INSERT INTO sales (order_id, user_id, currency, total, placed_at)
SELECT placed.order_id,
       CASE WHEN EXISTS (SELECT FROM forgotten WHERE forgotten.user_id = placed.user_id) THEN NULL ELSE placed.user_id END,
       placed.currency,
       placed.total,
       placed.placed_at
FROM (
    SELECT unnest(@order_ids::uuid[])        AS order_id,
           unnest(@user_ids::uuid[])         AS user_id,
           unnest(@currencies::text[])       AS currency,
           unnest(@totals::bigint[])         AS total,
           unnest(@placed_at::timestamptz[]) AS placed_at
) AS placed
ON CONFLICT (order_id) DO UPDATE
SET user_id = excluded.user_id,
    currency = coalesce(sales.currency, excluded.currency),
    total = coalesce(sales.total, excluded.total),
    placed_at = coalesce(sales.placed_at, excluded.placed_at);

-- name: UpsertSalesConfirmed :exec
-- Any number of orders at once, and their lines. The lines are those of the first
-- confirmation that had any. The currency and the total of a confirmation count,
-- whatever the checkout began with.
WITH confirmed AS (
    INSERT INTO sales (order_id, user_id, currency, total, confirmed_at)
    SELECT sale.order_id,
           CASE WHEN EXISTS (SELECT FROM forgotten WHERE forgotten.user_id = sale.user_id) THEN NULL ELSE sale.user_id END,
           sale.currency,
           sale.total,
           sale.confirmed_at
    FROM (
        SELECT unnest(@order_ids::uuid[])           AS order_id,
               unnest(@user_ids::uuid[])            AS user_id,
               unnest(@currencies::text[])          AS currency,
               unnest(@totals::bigint[])            AS total,
               unnest(@confirmed_at::timestamptz[]) AS confirmed_at
    ) AS sale
    ON CONFLICT (order_id) DO UPDATE
    SET user_id = excluded.user_id,
        currency = excluded.currency,
        total = excluded.total,
        confirmed_at = coalesce(sales.confirmed_at, excluded.confirmed_at)
    RETURNING order_id
)
INSERT INTO sale_lines (order_id, variant_id, product_id, quantity, total)
SELECT line.order_id, line.variant_id, line.product_id, line.quantity, line.total
FROM confirmed
JOIN (
    SELECT unnest(@line_order_ids::uuid[])    AS order_id,
           unnest(@line_variant_ids::uuid[])  AS variant_id,
           unnest(@line_product_ids::uuid[])  AS product_id,
           unnest(@line_quantities::bigint[]) AS quantity,
           unnest(@line_totals::bigint[])     AS total
) AS line ON line.order_id = confirmed.order_id
ON CONFLICT (order_id, variant_id) DO NOTHING;

-- name: UpsertSaleCancelled :exec
INSERT INTO sales (order_id, user_id, cancelled_at)
SELECT @order_id::uuid,
       CASE WHEN EXISTS (SELECT FROM forgotten WHERE forgotten.user_id = @user_id::uuid) THEN NULL ELSE @user_id::uuid END,
       @cancelled_at::timestamptz
ON CONFLICT (order_id) DO UPDATE
SET cancelled_at = coalesce(sales.cancelled_at, excluded.cancelled_at);

-- name: InsertRefund :exec
INSERT INTO refunds (id, order_id, currency, amount, refunded_at)
VALUES (@id, @order_id, @currency, @amount, @refunded_at)
ON CONFLICT (id) DO NOTHING;

-- name: ListRevenue :many
-- What came in on a day, and what went out again on it. A cancellation gives
-- back what refunds have not; an order that was never confirmed brought nothing.
-- An empty currency means all.
WITH moved AS (
    SELECT confirmed_at AS at, currency, 1 AS orders, total AS gross, 0::bigint AS cancelled, 0::bigint AS refunded
    FROM sales
    WHERE confirmed_at >= @from_at::timestamptz
      AND confirmed_at < @until::timestamptz
    UNION ALL
    SELECT cancelled_at, currency, 0, 0,
           total - (SELECT coalesce(sum(amount), 0) FROM refunds WHERE refunds.order_id = sales.order_id), 0
    FROM sales
    WHERE cancelled_at >= @from_at::timestamptz
      AND cancelled_at < @until::timestamptz
      AND confirmed_at IS NOT NULL
    UNION ALL
    SELECT refunded_at, currency, 0, 0, 0, amount
    FROM refunds
    WHERE refunded_at >= @from_at::timestamptz
      AND refunded_at < @until::timestamptz
)
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')::text AS day,
       currency::text AS currency,
       sum(orders)::bigint AS orders,
       sum(gross)::bigint AS gross,
       sum(cancelled)::bigint AS cancelled,
       sum(refunded)::bigint AS refunded
FROM moved
WHERE @currency::text = '' OR currency = @currency::text
GROUP BY 1, 2
ORDER BY 1, 2;

-- name: ListTopProducts :many
-- An empty currency means all. Rows are one per product and currency, the
-- products in their order: by revenue when asked, which needs a currency.
WITH sold AS (
    SELECT sale_lines.product_id, sales.currency,
           sum(sale_lines.quantity) AS units,
           count(DISTINCT sales.order_id) AS orders,
           sum(sale_lines.total) AS revenue
    FROM sales
    JOIN sale_lines ON sale_lines.order_id = sales.order_id
    WHERE sales.confirmed_at >= @from_at::timestamptz
      AND sales.confirmed_at < @until::timestamptz
      AND sales.cancelled_at IS NULL
      AND (@currency::text = '' OR sales.currency = @currency::text)
    GROUP BY sale_lines.product_id, sales.currency
), best AS (
    SELECT product_id, sum(units) AS units, sum(orders) AS orders, sum(revenue) AS revenue
    FROM sold
    GROUP BY product_id
    ORDER BY CASE WHEN @by_revenue::boolean THEN sum(revenue) ELSE sum(units) END DESC, product_id
    LIMIT @max_rows
)
SELECT best.product_id, best.units::bigint AS units, best.orders::bigint AS orders,
       sold.currency::text AS currency, sold.revenue::bigint AS revenue
FROM best
JOIN sold ON sold.product_id = best.product_id
ORDER BY CASE WHEN @by_revenue::boolean THEN best.revenue ELSE best.units END DESC, best.product_id, sold.currency;
