-- name: InsertSession :exec
INSERT INTO sessions (id, user_id, secret, created_at, expires_at)
VALUES (@id, @user_id, @secret, @created_at, @expires_at);

-- name: InsertRefreshToken :exec
INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at)
VALUES (@hash, @session_id, @created_at, @expires_at);

-- name: LockRefreshToken :one
-- Both rows are locked, so that whoever waited sees what the other did to them;
-- the account is held as LockUserShared does, and first, as everywhere.
SELECT t.used_at, t.expires_at AS token_expires_at,
       s.id AS session_id, s.secret, s.expires_at AS session_expires_at, s.ended_at,
       u.id AS user_id, u.role
FROM refresh_tokens t
JOIN sessions s ON s.id = t.session_id
JOIN users u ON u.id = s.user_id
WHERE t.hash = @hash
FOR SHARE OF u
FOR UPDATE OF t, s;

-- name: UpdateRefreshTokenUsed :exec
UPDATE refresh_tokens SET used_at = @at WHERE hash = @hash;

-- name: UpdateSessionEnded :exec
UPDATE sessions
SET ended_at = @at, ended_by = @ended_by
WHERE id = @id AND ended_at IS NULL;

-- name: UpdateSessionEndedByToken :one
-- Only a session of this user; somebody else's token ends nothing.
UPDATE sessions s
SET ended_at = @at, ended_by = 'logout'
FROM refresh_tokens t
WHERE t.session_id = s.id AND t.hash = @hash AND s.user_id = @user_id AND s.ended_at IS NULL
RETURNING s.id;

-- name: UpdateSessionsEnded :many
-- All of a user's but one; a nil UUID spares none.
UPDATE sessions
SET ended_at = @at, ended_by = @ended_by
WHERE user_id = @user_id AND id <> @other_than AND ended_at IS NULL
RETURNING id;

-- name: DeleteSessions :exec
-- Takes their refresh tokens along.
DELETE FROM sessions WHERE user_id = @user_id;

-- name: DeleteSessionsExpired :execrows
-- Takes their refresh tokens along.
DELETE FROM sessions WHERE expires_at < @before;
