-- name: InsertProduct :execrows
-- Answers 0 when the product exists already.
INSERT INTO products (id, name, description, status, category_id, images, created_at, updated_at)
VALUES (@id, @name, @description, @status, sqlc.narg('category_id'), @images, @created_at, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: GetProduct :one
SELECT id, name, description, status, version, created_at, updated_at, category_id, images
FROM products
WHERE id = @id;

-- name: LockProduct :one
SELECT id, name, description, status, version, created_at, updated_at, category_id, images
FROM products
WHERE id = @id
FOR NO KEY UPDATE;

-- name: UpdateProduct :exec
UPDATE products
SET name = @name,
    description = @description,
    status = @status,
    category_id = sqlc.narg('category_id'),
    images = @images,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id;

-- name: ListProducts :many
-- An empty status and a null mean any; a price is that of any variant.
SELECT products.id, products.name, products.description, products.status, products.version, products.created_at, products.updated_at, products.category_id, products.images
FROM products
WHERE products.id > @after
  AND (@status::text = '' OR products.status = @status::text)
  AND (sqlc.narg('categories')::uuid[] IS NULL OR products.category_id = ANY (sqlc.narg('categories')::uuid[]))
  AND (sqlc.narg('updated_since')::timestamptz IS NULL OR products.updated_at >= sqlc.narg('updated_since')::timestamptz)
  AND ((sqlc.narg('min_price')::bigint IS NULL AND sqlc.narg('max_price')::bigint IS NULL) OR EXISTS (
      SELECT FROM variants
      JOIN prices ON prices.variant_id = variants.id
      WHERE variants.product_id = products.id
        AND prices.currency = @currency
        AND prices.amount >= coalesce(sqlc.narg('min_price')::bigint, 0)
        AND prices.amount <= coalesce(sqlc.narg('max_price')::bigint, 9223372036854775807)
  ))
ORDER BY products.id
LIMIT @max_rows;
