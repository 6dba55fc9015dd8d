-- name: InsertAPIKey :exec
INSERT INTO api_keys (id, user_id, name, hint, hash, role, scopes, created_at, expires_at)
VALUES (@id, @user_id, @name, @hint, @hash, @role, @scopes, @created_at, @expires_at);

-- name: ListAPIKeys :many
-- Newest first, withdrawn ones too.
SELECT *
FROM api_keys
WHERE sqlc.narg('before')::uuid IS NULL OR id < sqlc.narg('before')
ORDER BY id DESC
LIMIT @most;

-- name: GetAPIKeyByHash :one
-- The owner is held while a token is made, as LockUserShared does.
SELECT k.id, k.user_id, k.role, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, u.role AS owner_role
FROM api_keys k
JOIN users u ON u.id = k.user_id
WHERE k.hash = @hash AND u.erasure_requested_at IS NULL AND u.erased_at IS NULL
FOR SHARE OF u;

-- name: UpdateAPIKeyUsed :exec
-- To the minute: a busy key must not write at each use.
UPDATE api_keys
SET last_used_at = @at
WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @unless_since);

-- name: UpdateAPIKeyRevoked :one
UPDATE api_keys
SET revoked_at = coalesce(revoked_at, @at)
WHERE id = @id
RETURNING *;

-- name: DeleteAPIKeys :execrows
DELETE FROM api_keys WHERE user_id = @user_id;
