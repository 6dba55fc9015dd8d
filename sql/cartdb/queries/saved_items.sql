-- name: InsertSavedItem :exec
-- Saved again, it stays as it is.
INSERT INTO saved_items (id, user_id, variant_id, created_at)
SELECT @id, @user_id, @variant_id, @created_at
ON CONFLICT (user_id, variant_id) DO NOTHING;

-- name: GetSavedItemOfVariant :one
SELECT *
FROM saved_items
WHERE user_id = @user_id
  AND variant_id = @variant_id;

-- name: GetSavedItem :one
SELECT *
FROM saved_items
WHERE user_id = @user_id
  AND id = @id;

-- name: CountSavedItems :one
SELECT count(*)
FROM saved_items
WHERE user_id = @user_id;

-- name: ListSavedItems :many
-- Newest first; a null before starts.
SELECT *
FROM saved_items
WHERE user_id = @user_id
  AND (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before)::uuid)
ORDER BY id DESC
LIMIT @max_rows;

-- name: DeleteSavedItem :execrows
DELETE FROM saved_items
WHERE user_id = @user_id
  AND id = @id;

-- name: DeleteSavedItemsOfUser :execrows
DELETE FROM saved_items
WHERE user_id = @user_id;
