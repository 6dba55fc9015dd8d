-- name: InsertMessages :exec
-- Any number of causes at once, a row for each and each of its channels. A repeat
-- changes nothing; a push needs a browser to go to.
INSERT INTO messages (id, event_id, channel, user_id, kind, source, about_id, facts, resend_of, status, next_attempt_at, created_at)
SELECT wanted.id, wanted.event_id, wanted.channel, wanted.user_id, wanted.kind, @source::text, nullif(wanted.about_id, '00000000-0000-0000-0000-000000000000'::uuid), wanted.facts::jsonb,
       sqlc.narg(resend_of)::uuid, 'pending', @created_at::timestamptz, @created_at
FROM (
    SELECT unnest(@ids::uuid[])       AS id,
           unnest(@event_ids::uuid[]) AS event_id,
           unnest(@channels::text[])  AS channel,
           unnest(@user_ids::uuid[])  AS user_id,
           unnest(@kinds::text[])     AS kind,
           unnest(@about_ids::uuid[]) AS about_id,
           unnest(@facts::text[])     AS facts
) AS wanted
WHERE wanted.channel <> 'push'
   OR EXISTS (SELECT FROM push_subscriptions WHERE push_subscriptions.user_id = wanted.user_id)
ON CONFLICT ON CONSTRAINT messages_once DO NOTHING;

-- name: GetMessage :one
SELECT * FROM messages WHERE id = @id;

-- name: ListMessagesOfEvent :many
SELECT * FROM messages WHERE event_id = @event_id AND user_id = @user_id ORDER BY id;

-- name: ListMessages :many
-- Newest first. What was skipped is nothing that a customer was told.
SELECT *
FROM messages
WHERE (sqlc.narg(user_id)::uuid IS NULL OR user_id = sqlc.narg(user_id))
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status))
  AND (sqlc.narg(channel)::text IS NULL OR channel = sqlc.narg(channel))
  AND (@skipped_too::boolean OR status <> 'skipped')
  AND (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before))
ORDER BY id DESC
LIMIT @row_limit;

-- name: ClaimMessages :many
-- Those that are due, for whoever asks first; they are due again when that one dies.
UPDATE messages
SET attempts = attempts + 1,
    next_attempt_at = now() + make_interval(secs => @lease_seconds::float8)
WHERE id IN (
    SELECT id
    FROM messages
    WHERE status = 'pending'
      AND next_attempt_at <= now()
    ORDER BY next_attempt_at
    LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: SettleMessage :execrows
-- The attempt tells a late one from the one that took over.
UPDATE messages
SET status = @status,
    reason = @reason,
    next_attempt_at = NULL,
    settled_at = now()
WHERE id = @id
  AND status = 'pending'
  AND attempts = @attempts;

-- name: DelayMessage :execrows
UPDATE messages
SET reason = @reason,
    next_attempt_at = now() + make_interval(secs => @wait_seconds::float8)
WHERE id = @id
  AND status = 'pending'
  AND attempts = @attempts;

-- name: InsertLetter :exec
INSERT INTO letters (event_id, subject, body, created_at)
VALUES (@event_id, @subject, @body, @created_at)
ON CONFLICT (event_id) DO NOTHING;

-- name: GetLetter :one
SELECT * FROM letters WHERE event_id = @event_id;

-- name: CopyLetter :execrows
INSERT INTO letters (event_id, subject, body, created_at)
SELECT @to_event_id::uuid, old.subject, old.body, old.created_at
FROM letters AS old
WHERE old.event_id = @from_event_id
ON CONFLICT (event_id) DO NOTHING;

-- name: ForgetPendingMessages :execrows
UPDATE messages
SET status = 'skipped',
    reason = 'recipient_erased',
    next_attempt_at = NULL,
    settled_at = now()
WHERE user_id = @user_id
  AND status = 'pending';

-- name: ForgetFacts :execrows
UPDATE messages SET facts = '{}' WHERE user_id = @user_id AND facts <> '{}';

-- name: DeleteLettersOf :execrows
DELETE FROM letters WHERE letters.event_id IN (SELECT messages.event_id FROM messages WHERE messages.user_id = @user_id);

-- name: DeleteOldMessages :execrows
DELETE FROM messages
WHERE id IN (
    SELECT old.id
    FROM messages AS old
    WHERE old.created_at < @before
      AND old.status <> 'pending'
    LIMIT 1000
);

-- name: DeleteOldLetters :execrows
DELETE FROM letters WHERE created_at < @before;
