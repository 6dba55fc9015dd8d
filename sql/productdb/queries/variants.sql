-- name: InsertVariants :exec
INSERT INTO variants (id, product_id, position, sku, name, options, weight_grams)
SELECT unnest(@ids::uuid[]),
       unnest(@product_ids::uuid[]),
       unnest(@positions::integer[]),
       unnest(@skus::text[]),
       unnest(@names::text[]),
       unnest(@options::jsonb[]),
       unnest(@weights::integer[]);

-- name: UpdateVariants :exec
UPDATE variants
SET position = changed.position,
    sku = changed.sku,
    name = changed.name,
    options = changed.options,
    weight_grams = changed.weight
FROM (
    SELECT unnest(@ids::uuid[]) AS id,
           unnest(@positions::integer[]) AS position,
           unnest(@skus::text[]) AS sku,
           unnest(@names::text[]) AS name,
           unnest(@options::jsonb[]) AS options,
           unnest(@weights::integer[]) AS weight
) AS changed
WHERE variants.id = changed.id;

-- name: DeleteVariants :exec
DELETE FROM variants
WHERE id = ANY (@variant_ids::uuid[]);

-- name: ListVariants :many
SELECT id, product_id, position, sku, name, weight_grams, options
FROM variants
WHERE product_id = ANY (@product_ids::uuid[])
ORDER BY product_id, position;

-- name: ListSellables :many
-- What a quote needs to know of the variants named, one row per price (and one
-- without a price for a variant that has none).
SELECT variants.id AS variant_id,
       variants.product_id,
       variants.sku,
       variants.name AS variant_name,
       variants.weight_grams,
       products.name AS product_name,
       products.status,
       prices.currency,
       prices.amount
FROM variants
JOIN products ON products.id = variants.product_id
LEFT JOIN prices ON prices.variant_id = variants.id
WHERE variants.id = ANY (@variant_ids::uuid[]);
