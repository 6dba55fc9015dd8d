-- name: GetIdempotencyKey :one
SELECT * FROM idempotency_keys WHERE key = @key;

-- name: InsertIdempotencyKey :exec
-- Keeps a reply that changed nothing else.
INSERT INTO idempotency_keys (key, path, fingerprint, status, body, request_id)
VALUES (@key, @path, @fingerprint, @status, @body, @request_id)
ON CONFLICT (key) DO NOTHING;

-- name: DeleteIdempotencyKeys :execrows
DELETE FROM idempotency_keys WHERE created_at < @before;
