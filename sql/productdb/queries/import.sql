-- name: ListSKUs :many
-- Which products have variants with these SKUs.
SELECT sku, product_id
FROM variants
WHERE sku = ANY (@skus::text[]);

-- name: ListKnownProducts :many
SELECT id
FROM products
WHERE id = ANY (@ids::uuid[]);

-- name: InsertProducts :exec
-- The zero id is no category.
INSERT INTO products (id, name, description, status, category_id, images, created_at, updated_at)
SELECT unnest(@ids::uuid[]),
       unnest(@names::text[]),
       unnest(@descriptions::text[]),
       unnest(@statuses::text[]),
       nullif(unnest(@category_ids::uuid[]), '00000000-0000-0000-0000-000000000000'),
       unnest(@images::jsonb[]),
       @created_at,
       @created_at;
