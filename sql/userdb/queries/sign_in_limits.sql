-- name: UpdateSignInLimits :many
-- Takes seconds out of buckets, or gives them back when costs are negative.
-- Keys must be sorted, or two sign-ins could wait for each other. The caller
-- rolls back when a bucket had too little.
INSERT INTO sign_in_limits AS l (key, full_at)
SELECT k.key, now() + make_interval(secs => k.cost)
FROM (SELECT unnest(@keys::bytea[]) AS key, unnest(@costs::float8[]) AS cost) k
ON CONFLICT (key) DO UPDATE
SET full_at = greatest(l.full_at, now()) + (excluded.full_at - now())
RETURNING key, (extract(epoch FROM full_at - now()))::float8 AS seconds_to_full;

-- name: DeleteSignInLimitsFull :execrows
-- Skips what a sign-in is holding, so that neither waits for the other.
DELETE FROM sign_in_limits
WHERE key IN (SELECT key FROM sign_in_limits WHERE full_at < now() FOR UPDATE SKIP LOCKED);
