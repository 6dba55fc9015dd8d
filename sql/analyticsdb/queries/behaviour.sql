-- name: InsertBehaviour :one
-- What is new of a batch, the visits it makes, and who its visitor turned out
-- to be. A user who was forgotten leaves no trace.
WITH told AS MATERIALIZED (
    SELECT unnest(@ids::uuid[]) AS id,
           unnest(@kinds::text[]) AS kind,
           unnest(@product_ids::uuid[]) AS product_id,
           unnest(@queries::text[]) AS query,
           unnest(@times::timestamptz[]) AS occurred_at
    WHERE NOT EXISTS (SELECT FROM forgotten WHERE forgotten.user_id = @user_id::uuid)
), fresh AS (
    INSERT INTO behaviour (id, kind, visitor_id, user_id, product_id, query, occurred_at, received_at)
    SELECT id, kind, @visitor_id::uuid,
           nullif(@user_id::uuid, '00000000-0000-0000-0000-000000000000'),
           nullif(product_id, '00000000-0000-0000-0000-000000000000'),
           nullif(query, ''),
           least(occurred_at, @received_at::timestamptz),
           @received_at::timestamptz
    FROM told
    ON CONFLICT (id) DO NOTHING
    RETURNING id, kind, occurred_at
), visited AS (
    INSERT INTO visits (day, visitor_id, step)
    SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day,
           @visitor_id::uuid,
           max(CASE kind WHEN 'product_viewed' THEN 1 WHEN 'added_to_cart' THEN 2 WHEN 'checkout_begun' THEN 3 ELSE 0 END)
    FROM fresh
    GROUP BY 1
    ORDER BY 1 -- two batches of one visitor lock in the same order
    ON CONFLICT (day, visitor_id) DO UPDATE
    SET step = greatest(visits.step, excluded.step)
), met AS (
    INSERT INTO visitors (anonymous_id, user_id, known_at)
    SELECT @anonymous_id::uuid, @user_id::uuid, @received_at::timestamptz
    WHERE @anonymous_id::uuid <> '00000000-0000-0000-0000-000000000000'
      AND @user_id::uuid <> '00000000-0000-0000-0000-000000000000'
      AND EXISTS (SELECT FROM told)
    ON CONFLICT (anonymous_id) DO NOTHING
)
SELECT count(*) FROM fresh;

-- name: GetFunnel :one
-- How many visitors came at least so far. Somebody who came far has passed what
-- lies before, whether a page told of it or not. What was done before signing in
-- counts for the account; an order of nobody known is a visitor of its own.
WITH period AS (
    SELECT @from_at::timestamptz AS begins, @until::timestamptz AS ends
), steps AS (
    SELECT coalesce(visitors.user_id, visits.visitor_id) AS visitor, visits.step::integer AS step
    FROM period
    JOIN visits ON visits.day >= (period.begins AT TIME ZONE 'UTC')::date
               AND visits.day < (period.ends AT TIME ZONE 'UTC')::date
    LEFT JOIN visitors ON visitors.anonymous_id = visits.visitor_id
    UNION ALL
    SELECT coalesce(user_id, order_id), 3
    FROM period
    JOIN sales ON placed_at >= period.begins AND placed_at < period.ends
    UNION ALL
    SELECT coalesce(user_id, order_id), 4
    FROM period
    JOIN sales ON confirmed_at >= period.begins AND confirmed_at < period.ends
), furthest AS (
    SELECT max(step) AS step
    FROM steps
    GROUP BY visitor
)
SELECT count(*) FILTER (WHERE step >= 1) AS viewed,
       count(*) FILTER (WHERE step >= 2) AS cart,
       count(*) FILTER (WHERE step >= 3) AS checkout,
       count(*) FILTER (WHERE step >= 4) AS confirmed
FROM furthest;

-- name: DeleteOldBehaviour :execrows
DELETE FROM behaviour
WHERE id IN (SELECT id FROM behaviour WHERE occurred_at < @before::timestamptz LIMIT 5000);

-- name: UpdateForgottenSales :execrows
-- An order that was told in the very moment of the erasure.
UPDATE sales
SET user_id = NULL
FROM forgotten
WHERE sales.user_id = forgotten.user_id;

-- name: ForgetUser :one
-- Takes away what links anything to the account, and leaves a tombstone that
-- keeps what is told later from being linked to it.
WITH tombstone AS (
    INSERT INTO forgotten (user_id, forgotten_at)
    VALUES (@user_id::uuid, @forgotten_at::timestamptz)
    ON CONFLICT (user_id) DO NOTHING
), known AS MATERIALIZED (
    SELECT @user_id::uuid AS visitor_id
    UNION
    SELECT anonymous_id FROM visitors WHERE user_id = @user_id::uuid
), acts AS (
    DELETE FROM behaviour
    WHERE visitor_id IN (SELECT visitor_id FROM known)
    RETURNING id
), days AS (
    DELETE FROM visits
    WHERE visitor_id IN (SELECT visitor_id FROM known)
    RETURNING day
), names AS (
    DELETE FROM visitors WHERE user_id = @user_id::uuid
), orders AS (
    UPDATE sales
    SET user_id = NULL
    WHERE user_id = @user_id::uuid
    RETURNING order_id
)
SELECT (SELECT count(*) FROM acts) AS events,
       (SELECT count(*) FROM days) AS visits,
       (SELECT count(*) FROM orders) AS sales;
