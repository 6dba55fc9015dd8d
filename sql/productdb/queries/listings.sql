-- name: ListForSearch :exec
-- Writes what search finds of these products, as they are in this transaction.
SELECT list_products(@product_ids::uuid[]);

-- name: ListQueryWords :many
-- The words of a query and what documents keep of them, except those that
-- documents do not keep, like "the". Known are those that a document has had; a
-- number is what it is.
SELECT asked.word::text AS word,
       asked.stem::text AS stem,
       (asked.word ~ '[0-9]' OR EXISTS (SELECT FROM words WHERE words.stem = asked.stem))::boolean AS known
FROM (
    SELECT spoken.word, (ts_lexize('english_stem', spoken.word))[1] AS stem
    FROM unnest(tsvector_to_array(to_tsvector('simple', @query::text))) AS spoken (word)
) AS asked
WHERE asked.stem IS NOT NULL;

-- name: ListWordsAlike :many
-- The words that look most like one, the likest first.
SELECT words.word, words.stem, similarity(words.word, @word::text) AS likeness
FROM words
WHERE words.word % @word::text
ORDER BY similarity(words.word, @word::text) DESC, words.word
LIMIT 3;

-- name: SearchWords :one
-- Everything with the words is read once, for the page and for the counts of
-- CountFacets alike: reading it is what a broad word costs. Both come as JSON. A rank
-- is what is sorted by, the highest first; after is the last hit of the page before.
-- OFFSET keeps the planner from taking the price out of the JSON at every mention.
WITH found AS MATERIALIZED (
    SELECT priced.product_id,
           priced.category_id,
           priced.in_stock,
           priced.price,
           coalesce(priced.price >= sqlc.narg('min_price')::bigint, true)
               AND coalesce(priced.price <= sqlc.narg('max_price')::bigint, true) AS within,
           (CASE @sort::text
               WHEN 'newest' THEN 0
               WHEN 'price_asc' THEN -priced.price::float8
               WHEN 'price_desc' THEN priced.price::float8
               ELSE ts_rank(priced.document, sqlc.arg('query')::text::tsquery)
           END)::float8 AS rank
    FROM (
        SELECT listings.product_id,
               listings.category_id,
               listings.in_stock,
               listings.document,
               (listings.prices ->> @currency::text)::bigint AS price
        FROM listings
        WHERE listings.document @@ sqlc.arg('query')::text::tsquery
          AND (NOT @in_stock::boolean OR listings.in_stock)
        OFFSET 0
    ) AS priced
    WHERE priced.price IS NOT NULL
), page AS (
    SELECT found.product_id, found.category_id, found.in_stock, found.price, found.rank
    FROM found
    WHERE found.within
      AND (sqlc.narg('categories')::uuid[] IS NULL OR found.category_id = ANY (sqlc.narg('categories')::uuid[]))
      AND (sqlc.narg('after_rank')::float8 IS NULL
           OR (found.rank, found.product_id) < (sqlc.narg('after_rank')::float8, @after::uuid))
    ORDER BY found.rank DESC, found.product_id DESC
    LIMIT @max_rows
), counted AS (
    SELECT coalesce(found.category_id, '00000000-0000-0000-0000-000000000000'::uuid) AS category_id,
           width_bucket(found.price, @bounds::bigint[]) AS band,
           found.within,
           count(*) AS products
    FROM found
    GROUP BY 1, 2, 3
)
SELECT (
           SELECT coalesce(jsonb_agg(to_jsonb(page) || jsonb_build_object('name', products.name, 'images', products.images)
                                     ORDER BY page.rank DESC, page.product_id DESC), '[]')
           FROM page
           JOIN products ON products.id = page.product_id
       )::jsonb AS hits,
       (SELECT coalesce(jsonb_agg(counted), '[]') FROM counted)::jsonb AS counts;

-- name: SearchShelves :many
-- By price within small categories. Finds all first and sorts them then: going through
-- the catalogue in the order of prices would read all of it for a few. The order is
-- that of SearchCheapest and SearchDearest, so that any page may come either way.
WITH found AS MATERIALIZED (
    SELECT listings.product_id,
           listings.category_id,
           listings.in_stock,
           (listings.prices ->> @currency::text)::bigint AS price,
           (CASE @sort::text
               WHEN 'price_asc' THEN -(listings.prices ->> @currency::text)::float8
               ELSE (listings.prices ->> @currency::text)::float8
           END)::float8 AS rank
    FROM listings
    WHERE listings.category_id = ANY (@categories::uuid[])
      AND (NOT @in_stock::boolean OR listings.in_stock)
      AND listings.prices ? @currency::text
      AND (sqlc.narg('min_price')::bigint IS NULL OR (listings.prices ->> @currency::text)::bigint >= sqlc.narg('min_price')::bigint)
      AND (sqlc.narg('max_price')::bigint IS NULL OR (listings.prices ->> @currency::text)::bigint <= sqlc.narg('max_price')::bigint)
)
SELECT hit.product_id, hit.category_id, hit.in_stock, hit.price::bigint AS price, hit.rank::float8 AS rank, products.name, products.images
FROM (
    SELECT found.product_id, found.category_id, found.in_stock, found.price, found.rank
    FROM found
    WHERE sqlc.narg('after_rank')::float8 IS NULL
       OR found.rank < sqlc.narg('after_rank')::float8
       OR found.rank = sqlc.narg('after_rank')::float8
          AND CASE @sort::text WHEN 'price_asc' THEN found.product_id > @after::uuid ELSE found.product_id < @after::uuid END
    ORDER BY found.rank DESC, CASE @sort::text WHEN 'price_asc' THEN found.product_id END, found.product_id DESC
    LIMIT @max_rows
) AS hit
JOIN products ON products.id = hit.product_id
ORDER BY hit.rank DESC, CASE @sort::text WHEN 'price_asc' THEN hit.product_id END, hit.product_id DESC;

-- name: SearchNewest :many
SELECT hit.product_id, hit.category_id, hit.in_stock, hit.price::bigint AS price, products.name, products.images
FROM (
    SELECT listings.product_id,
           listings.category_id,
           listings.in_stock,
           (listings.prices ->> @currency::text)::bigint AS price
    FROM listings
    WHERE (sqlc.narg('categories')::uuid[] IS NULL OR listings.category_id = ANY (sqlc.narg('categories')::uuid[]))
      AND (NOT @in_stock::boolean OR listings.in_stock)
      AND listings.prices ? @currency::text
      AND (sqlc.narg('min_price')::bigint IS NULL OR (listings.prices ->> @currency::text)::bigint >= sqlc.narg('min_price')::bigint)
      AND (sqlc.narg('max_price')::bigint IS NULL OR (listings.prices ->> @currency::text)::bigint <= sqlc.narg('max_price')::bigint)
      AND (sqlc.narg('after')::uuid IS NULL OR listings.product_id < sqlc.narg('after')::uuid)
    ORDER BY listings.product_id DESC
    LIMIT @max_rows
) AS hit
JOIN products ON products.id = hit.product_id
ORDER BY hit.product_id DESC;

-- name: SearchCheapest :many
SELECT hit.product_id, hit.category_id, hit.in_stock, hit.price, products.name, products.images
FROM (
    SELECT listings.product_id, listings.category_id, listings.in_stock, listing_prices.amount AS price
    FROM listing_prices
    JOIN listings ON listings.product_id = listing_prices.product_id
    WHERE listing_prices.currency = @currency::text
      AND (sqlc.narg('categories')::uuid[] IS NULL OR listings.category_id = ANY (sqlc.narg('categories')::uuid[]))
      AND (NOT @in_stock::boolean OR listings.in_stock)
      AND (sqlc.narg('min_price')::bigint IS NULL OR listing_prices.amount >= sqlc.narg('min_price')::bigint)
      AND (sqlc.narg('max_price')::bigint IS NULL OR listing_prices.amount <= sqlc.narg('max_price')::bigint)
      AND (sqlc.narg('after_price')::bigint IS NULL
           OR (listing_prices.amount, listing_prices.product_id) > (sqlc.narg('after_price')::bigint, @after::uuid))
    ORDER BY listing_prices.amount, listing_prices.product_id
    LIMIT @max_rows
) AS hit
JOIN products ON products.id = hit.product_id
ORDER BY hit.price, hit.product_id;

-- name: SearchDearest :many
SELECT hit.product_id, hit.category_id, hit.in_stock, hit.price, products.name, products.images
FROM (
    SELECT listings.product_id, listings.category_id, listings.in_stock, listing_prices.amount AS price
    FROM listing_prices
    JOIN listings ON listings.product_id = listing_prices.product_id
    WHERE listing_prices.currency = @currency::text
      AND (sqlc.narg('categories')::uuid[] IS NULL OR listings.category_id = ANY (sqlc.narg('categories')::uuid[]))
      AND (NOT @in_stock::boolean OR listings.in_stock)
      AND (sqlc.narg('min_price')::bigint IS NULL OR listing_prices.amount >= sqlc.narg('min_price')::bigint)
      AND (sqlc.narg('max_price')::bigint IS NULL OR listing_prices.amount <= sqlc.narg('max_price')::bigint)
      AND (sqlc.narg('after_price')::bigint IS NULL
           OR (listing_prices.amount, listing_prices.product_id) < (sqlc.narg('after_price')::bigint, @after::uuid))
    ORDER BY listing_prices.amount DESC, listing_prices.product_id DESC
    LIMIT @max_rows
) AS hit
JOIN products ON products.id = hit.product_id
ORDER BY hit.price DESC, hit.product_id DESC;

-- name: CountFacets :many
-- How many products there are per category and band of prices, whatever category
-- and price are asked for. The zero id is no category; band n begins at bounds[n],
-- counted from 1; within says whether the price is one that is asked for. SearchWords
-- counts what has words.
SELECT coalesce(listings.category_id, '00000000-0000-0000-0000-000000000000'::uuid)::uuid AS category_id,
       width_bucket((listings.prices ->> @currency::text)::bigint, @bounds::bigint[])::integer AS band,
       (coalesce((listings.prices ->> @currency::text)::bigint >= sqlc.narg('min_price')::bigint, true)
           AND coalesce((listings.prices ->> @currency::text)::bigint <= sqlc.narg('max_price')::bigint, true))::boolean AS within,
       count(*) AS products
FROM listings
WHERE (NOT @in_stock::boolean OR listings.in_stock)
  AND listings.prices ? @currency::text
GROUP BY 1, 2, 3;

-- name: SaveStock :exec
-- Waits for a change of the product that is under way, which counts what is in stock itself.
WITH changing AS (
    SELECT id
    FROM products
    WHERE id = @product_id
    FOR SHARE
)
INSERT INTO stock (variant_id, product_id, available)
SELECT @variant_id, @product_id, @available
FROM (SELECT count(*) FROM changing) AS waited
ON CONFLICT (variant_id) DO UPDATE
SET product_id = excluded.product_id,
    available = excluded.available;

-- name: UpdateListingStock :exec
UPDATE listings
SET in_stock = NOT listings.in_stock
WHERE listings.product_id = @product_id
  AND listings.in_stock <> EXISTS (
      SELECT FROM variants
      JOIN stock ON stock.variant_id = variants.id
      WHERE variants.product_id = @product_id
        AND stock.available > 0
  );
