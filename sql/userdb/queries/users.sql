-- name: InsertUser :exec
-- Makes the preferences along with the account.
WITH made AS (
    INSERT INTO users (id, email, name, role, password_hash, version, created_at, updated_at)
    VALUES (@id, @email, @name, @role, @password_hash, 1, @at, @at)
)
INSERT INTO preferences (user_id, locale, currency)
VALUES (@id, @locale, @currency);

-- name: GetUser :one
SELECT * FROM users WHERE id = @id AND erased_at IS NULL;

-- name: GetUserByEmail :one
-- Who signs in with it: nobody, when the account is being erased.
SELECT * FROM users WHERE email = @email AND erasure_requested_at IS NULL AND erased_at IS NULL;

-- name: LockUser :one
-- One whose account is erased is found too.
SELECT * FROM users WHERE id = @id FOR UPDATE;

-- name: LockUserShared :one
-- Whoever makes a token holds it, so that a change of role or password either
-- is seen or knows of the token.
SELECT * FROM users WHERE id = @id AND erasure_requested_at IS NULL AND erased_at IS NULL FOR SHARE;

-- name: LockAdmins :many
-- In one order, so that two who leave at once take turns.
SELECT id FROM users WHERE role = 'admin' AND erased_at IS NULL ORDER BY id FOR UPDATE;

-- name: ListUsers :many
-- Newest first; ids are UUIDv7. A filter that is null does not count.
SELECT *
FROM users
WHERE erased_at IS NULL
  AND (sqlc.narg('before')::uuid IS NULL OR id < sqlc.narg('before'))
  AND (sqlc.narg('role')::text IS NULL OR role = sqlc.narg('role'))
  AND (sqlc.narg('email')::text IS NULL OR email = sqlc.narg('email'))
  AND (sqlc.narg('verified')::boolean IS NULL OR (email_verified_at IS NOT NULL) = sqlc.narg('verified'))
  AND (sqlc.narg('created_from')::timestamptz IS NULL OR created_at >= sqlc.narg('created_from'))
  AND (sqlc.narg('created_to')::timestamptz IS NULL OR created_at < sqlc.narg('created_to'))
  AND (sqlc.narg('words')::text IS NULL
       OR position(lower(sqlc.narg('words')) IN lower(name)) > 0
       OR position(lower(sqlc.narg('words')) IN email) > 0)
ORDER BY id DESC
LIMIT @most;

-- name: UpdateUserProfile :one
-- Changes nothing when the version has moved on.
UPDATE users
SET name = @name, phone = @phone, version = version + 1, updated_at = @at
WHERE id = @id AND version = @version AND erased_at IS NULL
RETURNING *;

-- name: UpdateUserRole :one
UPDATE users
SET role = @role, version = version + 1, updated_at = @at
WHERE id = @id
RETURNING *;

-- name: UpdateUserVerified :one
UPDATE users
SET email_verified_at = @at, version = version + 1, updated_at = @at
WHERE id = @id
RETURNING *;

-- name: UpdateUserPassword :exec
-- No other version: nothing that anybody sees has changed.
UPDATE users SET password_hash = @password_hash WHERE id = @id;

-- name: UpdateUserErasureRequested :exec
UPDATE users SET erasure_requested_at = coalesce(erasure_requested_at, @at) WHERE id = @id;

-- name: ListUsersErasing :many
-- The longest waiting first.
SELECT id
FROM users
WHERE erased_at IS NULL AND erasure_requested_at < @before
ORDER BY erasure_requested_at
LIMIT 100;

-- name: UpdateUserErased :one
UPDATE users
SET email = id::text || '@erased.invalid', name = 'Erased', phone = NULL, email_verified_at = NULL, role = 'customer',
    password_hash = '$argon2id$erased', erased_at = @at, version = version + 1, updated_at = @at
WHERE id = @id
RETURNING *;
