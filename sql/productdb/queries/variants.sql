-- name: InsertVariants :exec
INSERT INTO variants (id, product_id, position, sku, name, weight_grams)
SELECT unnest(@ids::uuid[]),
       @product_id::uuid,
       unnest(@positions::integer[]),
       unnest(@skus::text[]),
       unnest(@names::text[]),
       unnest(@weights::integer[]);

-- name: ListVariants :many
SELECT id, product_id, position, sku, name, weight_grams
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
