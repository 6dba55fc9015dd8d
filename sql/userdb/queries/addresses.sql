-- name: InsertAddress :one
INSERT INTO addresses (id, user_id, label, name, line1, line2, city, postal_code, country, is_default, version, created_at, updated_at)
VALUES (@id, @user_id, @label, @name, @line1, @line2, @city, @postal_code, @country, @is_default, 1, @at, @at)
RETURNING *;

-- name: ListAddresses :many
SELECT * FROM addresses WHERE user_id = @user_id ORDER BY is_default DESC, id;

-- name: CountAddresses :one
SELECT count(*) FROM addresses WHERE user_id = @user_id;

-- name: GetAddress :one
SELECT * FROM addresses WHERE id = @id AND user_id = @user_id;

-- name: UpdateAddress :one
-- Changes nothing when the version has moved on.
UPDATE addresses
SET label = @label, name = @name, line1 = @line1, line2 = @line2, city = @city, postal_code = @postal_code,
    country = @country, is_default = @is_default, version = version + 1, updated_at = @at
WHERE id = @id AND user_id = @user_id AND version = @version
RETURNING *;

-- name: UpdateAddressesNotDefault :exec
-- Makes room for another default.
UPDATE addresses
SET is_default = false, version = version + 1, updated_at = @at
WHERE user_id = @user_id AND is_default AND id <> @other_than;

-- name: UpdateOldestAddressDefault :exec
-- When the default was deleted, the oldest follows.
UPDATE addresses
SET is_default = true, version = version + 1, updated_at = @at
WHERE id = (SELECT a.id FROM addresses a WHERE a.user_id = @user_id ORDER BY a.id LIMIT 1)
  AND NOT EXISTS (SELECT FROM addresses a WHERE a.user_id = @user_id AND a.is_default);

-- name: DeleteAddress :execrows
DELETE FROM addresses WHERE id = @id AND user_id = @user_id;

-- name: DeleteAddresses :execrows
DELETE FROM addresses WHERE user_id = @user_id;
