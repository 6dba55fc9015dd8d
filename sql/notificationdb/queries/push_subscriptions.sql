-- name: UpsertPushSubscription :one
-- A browser belongs to whoever subscribed last in it.
INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, created_at)
VALUES (@id, @user_id, @endpoint, @p256dh, @auth, @created_at)
ON CONFLICT (endpoint) DO UPDATE
SET user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth
RETURNING *;

-- name: LockSubscriber :exec
-- One change of a customer's subscriptions at a time, so that they can be counted.
SELECT pg_advisory_xact_lock(uuid_hash_extended(@user_id::uuid, 7));

-- name: CountPushSubscriptions :one
SELECT count(*) FROM push_subscriptions WHERE user_id = @user_id AND endpoint <> @endpoint;

-- name: ListPushSubscriptions :many
SELECT * FROM push_subscriptions WHERE user_id = @user_id ORDER BY id;

-- name: DeletePushSubscription :execrows
DELETE FROM push_subscriptions WHERE user_id = @user_id AND endpoint = @endpoint;

-- name: DeletePushSubscriptions :execrows
DELETE FROM push_subscriptions WHERE user_id = @user_id;
