-- name: UpsertProduct :exec
INSERT INTO catalogue (product_id, on_sale)
VALUES (@product_id, @on_sale)
ON CONFLICT (product_id) DO UPDATE
SET on_sale = excluded.on_sale;

-- name: ListInterests :many
-- What a user has bought, and what they looked at lately.
SELECT DISTINCT sale_lines.product_id, true AS bought
FROM sales
JOIN sale_lines ON sale_lines.order_id = sales.order_id
WHERE sales.user_id = @user_id::uuid
  AND sales.confirmed_at IS NOT NULL
UNION ALL
SELECT viewed.product_id, false
FROM (
    SELECT DISTINCT behaviour.product_id::uuid AS product_id
    FROM behaviour
    WHERE behaviour.visitor_id IN (SELECT @user_id::uuid UNION SELECT anonymous_id FROM visitors WHERE visitors.user_id = @user_id::uuid)
      AND behaviour.occurred_at > @since::timestamptz
      AND behaviour.product_id IS NOT NULL
    LIMIT 50
) AS viewed;

-- name: ListBoughtTogether :many
-- What else was in the latest orders with one of these products (order ids grow
-- with time).
WITH baskets AS MATERIALIZED (
    SELECT DISTINCT sale_lines.order_id
    FROM sale_lines
    WHERE sale_lines.product_id = ANY (@product_ids::uuid[])
    ORDER BY sale_lines.order_id DESC
    LIMIT 2000
)
SELECT sale_lines.product_id, count(DISTINCT sale_lines.order_id)::bigint AS orders
FROM baskets
JOIN sales ON sales.order_id = baskets.order_id AND sales.confirmed_at IS NOT NULL AND sales.cancelled_at IS NULL
JOIN sale_lines ON sale_lines.order_id = baskets.order_id
LEFT JOIN catalogue ON catalogue.product_id = sale_lines.product_id
WHERE coalesce(catalogue.on_sale, true)
  AND NOT sale_lines.product_id = ANY (@product_ids::uuid[])
GROUP BY sale_lines.product_id
ORDER BY orders DESC, sale_lines.product_id
LIMIT @max_rows;

-- name: ListPopular :many
-- What most orders of late hold.
SELECT sale_lines.product_id, count(DISTINCT sale_lines.order_id)::bigint AS orders
FROM sales
JOIN sale_lines ON sale_lines.order_id = sales.order_id
LEFT JOIN catalogue ON catalogue.product_id = sale_lines.product_id
WHERE sales.confirmed_at > @since::timestamptz
  AND sales.cancelled_at IS NULL
  AND coalesce(catalogue.on_sale, true)
GROUP BY sale_lines.product_id
ORDER BY orders DESC, sale_lines.product_id
LIMIT @max_rows;
