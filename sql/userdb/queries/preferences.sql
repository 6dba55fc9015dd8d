-- name: GetPreferences :one
SELECT preferences.*
FROM preferences
JOIN users ON users.id = preferences.user_id
WHERE user_id = @user_id AND erased_at IS NULL;

-- name: UpdatePreferences :one
-- Changes nothing when the version has moved on, or the account is erased.
UPDATE preferences
SET locale = @locale, currency = @currency, email = @email, sms = @sms, push = @push, version = preferences.version + 1
FROM users
WHERE preferences.user_id = @user_id AND preferences.version = @version
  AND users.id = preferences.user_id AND erased_at IS NULL
RETURNING preferences.*;

-- name: ResetPreferences :exec
UPDATE preferences
SET locale = DEFAULT, currency = DEFAULT, email = false, sms = false, push = false, version = version + 1
WHERE user_id = @user_id;

-- name: ListContacts :many
-- Of erased accounts, too.
SELECT u.id, u.email, u.email_verified_at, u.name, u.phone, u.erased_at, p.locale, p.currency, p.email AS by_email, p.sms AS by_sms, p.push AS by_push
FROM users u
JOIN preferences p ON p.user_id = u.id
WHERE u.id = ANY(@user_ids::uuid[]);
