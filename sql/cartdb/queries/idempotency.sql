-- name: DeleteAnswersTo :exec
-- What somebody was answered to keyed requests may hold their name and address.
DELETE FROM idempotency_keys WHERE principal = (@user_id::uuid)::text;
