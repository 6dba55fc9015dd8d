-- name: InsertUser :exec
INSERT INTO users (id, email, name, role, password_hash, version, created_at, updated_at)
VALUES (@id, @email, @name, @role, @password_hash, 1, @at, @at);

-- name: GetUser :one
SELECT * FROM users WHERE id = @id;

-- name: GetUserByEmail :one
SELECT * FROM users WHERE email = @email;

-- name: UpdateUserName :one
-- Changes nothing when the version has moved on.
UPDATE users
SET name = @name, version = version + 1, updated_at = @at
WHERE id = @id AND version = @version
RETURNING *;

-- name: UpdateUserRole :one
UPDATE users
SET role = @role, version = version + 1, updated_at = @at
WHERE id = @id
RETURNING *;
