package verify

const liveTokens = `
SELECT session_id::text, format('has %s refresh tokens that were not exchanged', count(*))
FROM refresh_tokens
WHERE used_at IS NULL
GROUP BY session_id
HAVING count(*) > 1`

// withdrawalsTold is about sessions that ended and API keys that were withdrawn:
// without the event, their access tokens live on.
const withdrawalsTold = `
WITH done AS (
    SELECT id::text AS subject, ended_by AS why, ended_at AS at FROM sessions WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT id::text, 'the key was withdrawn', revoked_at FROM api_keys WHERE revoked_at IS NOT NULL
)
SELECT subject, format('ended (%s), and nobody was told to refuse its tokens', why)
FROM done
WHERE at > @since
  AND NOT EXISTS (SELECT FROM outbox WHERE outbox.subject = done.subject AND type = 'user.sessions_revoked')`

// mailsTold is about mails with a token: without the event nobody writes them.
const mailsTold = `
SELECT id::text, format('%s was asked for, and nobody was told', kind)
FROM mail_requests
WHERE created_at > @since
  AND NOT EXISTS (
    SELECT FROM outbox
    WHERE subject = mail_requests.id::text
      AND type = CASE kind WHEN 'verify_email' THEN 'user.verification_requested' ELSE 'user.password_reset_requested' END)`

// erasedEmpty is what must be gone with a person. The row itself is held empty
// by a constraint.
const erasedEmpty = `
WITH kept AS (
    SELECT user_id::text AS subject, 'an address' AS what FROM addresses
    UNION ALL
    SELECT user_id::text, 'a session' FROM sessions
    UNION ALL
    SELECT user_id::text, 'an API key' FROM api_keys
    UNION ALL
    SELECT user_id::text, 'a request for a mail' FROM mail_requests
    UNION ALL
    SELECT subject, 'its name in an event' FROM outbox WHERE event #> '{data,name}' IS NOT NULL
)
SELECT users.id::text, format('is erased and has still %s', string_agg(DISTINCT what, ', '))
FROM users
JOIN kept ON kept.subject = users.id::text
WHERE erased_at IS NOT NULL
GROUP BY users.id`

// erasuresOver is about people who asked to be forgotten. The service begins
// again what takes ten minutes, so after an hour somebody must look.
const erasuresOver = `
SELECT id::text, format('is being erased since %s', erasure_requested_at)
FROM users
WHERE erased_at IS NULL
  AND erasure_requested_at < least(@before, now()) - interval '1 hour'`
