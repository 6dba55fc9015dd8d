-- name: ListPrices :many
SELECT prices.variant_id, prices.currency, prices.amount
FROM prices
JOIN variants ON variants.id = prices.variant_id
WHERE variants.product_id = ANY (@product_ids::uuid[])
ORDER BY prices.variant_id, prices.currency;

-- name: InsertPrices :exec
INSERT INTO prices (variant_id, currency, amount)
SELECT unnest(@variant_ids::uuid[]),
       unnest(@currencies::text[]),
       unnest(@amounts::bigint[]);

-- name: DeletePrices :exec
DELETE FROM prices
WHERE variant_id = ANY (@variant_ids::uuid[]);
