-- name: UpdateOutboxNameless :exec
-- An event about an account tells its name; when it is erased, what is kept of
-- the events for replay does no longer.
UPDATE outbox SET event = event #- '{data,name}' WHERE subject = @subject::text AND type LIKE 'user.%';

-- name: DeleteIdempotencyKeysOfUser :exec
-- Stored answers show the account as it was.
DELETE FROM idempotency_keys
WHERE principal = @principal::text
   OR (operation = 'register-user' AND headers->'Location'->>0 = '/api/v1/users/' || (@user_id::uuid)::text);
