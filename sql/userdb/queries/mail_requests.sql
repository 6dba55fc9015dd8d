-- name: InsertMailRequest :exec
INSERT INTO mail_requests (id, user_id, kind, created_at, expires_at)
VALUES (@id, @user_id, @kind, @created_at, @expires_at);

-- name: GetMailRequest :one
SELECT r.id, r.kind, r.expires_at, r.used_at, u.id AS user_id, u.email, u.name, p.locale
FROM mail_requests r
JOIN users u ON u.id = r.user_id
JOIN preferences p ON p.user_id = u.id
WHERE r.id = @id AND u.erasure_requested_at IS NULL AND u.erased_at IS NULL;

-- name: LockMailRequest :one
SELECT * FROM mail_requests WHERE id = @id AND kind = @kind FOR UPDATE;

-- name: UpdateMailRequestsUsed :exec
-- With the one that is used, the others for the same end become worthless.
UPDATE mail_requests SET used_at = @at WHERE user_id = @user_id AND kind = @kind AND used_at IS NULL;

-- name: DeleteMailRequests :exec
DELETE FROM mail_requests WHERE user_id = @user_id;

-- name: DeleteMailRequestsExpired :execrows
DELETE FROM mail_requests WHERE expires_at < @before;
