-- name: InsertProduct :execrows
-- Answers 0 when the product exists already.
INSERT INTO products (id, name, description, status, created_at, updated_at)
VALUES (@id, @name, @description, @status, @created_at, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: GetProduct :one
SELECT id, name, description, status, version, created_at, updated_at
FROM products
WHERE id = @id;

-- name: LockProduct :one
SELECT id, name, description, status, version, created_at, updated_at
FROM products
WHERE id = @id
FOR NO KEY UPDATE;

-- name: UpdateProduct :exec
UPDATE products
SET name = @name,
    description = @description,
    status = @status,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id;

-- name: ListProducts :many
-- An empty status means any.
SELECT id, name, description, status, version, created_at, updated_at
FROM products
WHERE id > @after
  AND (@status::text = '' OR status = @status::text)
ORDER BY id
LIMIT @max_rows;
