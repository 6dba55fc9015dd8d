-- name: LockCategories :exec
-- One change of the tree at a time: two that move a category into each other
-- would make a circle that neither sees.
SELECT pg_advisory_xact_lock(hashtext('categories'));

-- name: ListCategories :many
SELECT id, parent_id, slug, name, position, version, created_at, updated_at
FROM categories
ORDER BY position, name, id;

-- name: InsertCategory :execrows
-- Answers 0 when the category exists already.
INSERT INTO categories (id, parent_id, slug, name, position, created_at, updated_at)
VALUES (@id, sqlc.narg('parent_id'), @slug, @name, @position, @created_at, @created_at)
ON CONFLICT (id) DO NOTHING;

-- name: UpdateCategory :exec
UPDATE categories
SET parent_id = sqlc.narg('parent_id'),
    slug = @slug,
    name = @name,
    position = @position,
    version = version + 1,
    updated_at = @updated_at
WHERE id = @id;

-- name: DeleteCategory :execrows
-- Answers 0 while products or categories are in it.
DELETE FROM categories
WHERE categories.id = @id
  AND NOT EXISTS (SELECT FROM products WHERE products.category_id = @id)
  AND NOT EXISTS (SELECT FROM categories AS children WHERE children.parent_id = @id);
