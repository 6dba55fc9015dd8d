-- +goose Up
CREATE TABLE messages (
    id              uuid        PRIMARY KEY,
    event_id        uuid        NOT NULL,
    channel         text        NOT NULL,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL,
    source          text        NOT NULL,
    about_id        uuid,
    facts           jsonb       NOT NULL,
    resend_of       uuid        REFERENCES messages (id) ON DELETE SET NULL,
    status          text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    created_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    CONSTRAINT messages_once UNIQUE (event_id, channel, user_id),
    CONSTRAINT messages_channel CHECK (channel IN ('email', 'sms', 'push')),
    CONSTRAINT messages_source CHECK (source IN ('event', 'operator', 'system')),
    CONSTRAINT messages_status CHECK (status IN ('pending', 'sent', 'skipped', 'failed')),
    CONSTRAINT messages_due CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT messages_settled CHECK ((status = 'pending') = (settled_at IS NULL)),
    CONSTRAINT messages_attempts CHECK (attempts >= 0)
);
COMMENT ON TABLE  messages                 IS 'What is to be told to whom, and how far that has come. Ids and states only: no address, no text. Kept 180 days.';
COMMENT ON COLUMN messages.id              IS 'Id of the message.';
COMMENT ON COLUMN messages.event_id        IS 'The event that is told; of an operator''s or a repeated message, the request.';
COMMENT ON COLUMN messages.channel         IS 'email, sms or push.';
COMMENT ON COLUMN messages.user_id         IS 'The person it is for. Where that person can be reached is asked when it is sent.';
COMMENT ON COLUMN messages.kind            IS 'Which text, like order_confirmed.';
COMMENT ON COLUMN messages.source          IS 'event: an event of another service. operator: somebody of the shop. system: this service itself.';
COMMENT ON COLUMN messages.about_id        IS 'What the text is about: an order, a cart, a request; null when it is about nothing else.';
COMMENT ON COLUMN messages.facts           IS 'What the event said that the text needs: ids, amounts, states, a tracking number.';
COMMENT ON COLUMN messages.resend_of       IS 'The message that this one repeats on somebody''s wish; null for a first one.';
COMMENT ON COLUMN messages.status          IS 'pending: to be sent. sent: taken by the server of that channel. skipped: not wanted, or nowhere to send it. failed: given up.';
COMMENT ON COLUMN messages.reason          IS 'Why it was skipped, failed or is tried again, in a stable word; empty otherwise.';
COMMENT ON COLUMN messages.attempts        IS 'How often it was tried.';
COMMENT ON COLUMN messages.next_attempt_at IS 'When it is due; while somebody is at it, when it is due if they die. Null once settled.';
COMMENT ON COLUMN messages.created_at      IS 'When it was recorded.';
COMMENT ON COLUMN messages.settled_at      IS 'When it was sent, skipped or given up; null before.';
CREATE INDEX messages_due ON messages (next_attempt_at) WHERE status = 'pending';
CREATE INDEX messages_user_id ON messages (user_id, id);
CREATE INDEX messages_created_at ON messages (created_at);

CREATE TABLE letters (
    event_id   uuid        PRIMARY KEY,
    subject    text        NOT NULL,
    body       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT letters_subject CHECK (length(subject) BETWEEN 1 AND 200),
    CONSTRAINT letters_body CHECK (length(body) BETWEEN 1 AND 10000)
);
COMMENT ON TABLE  letters            IS 'What somebody of the shop wrote to a customer; the only text that is kept, for 30 days.';
COMMENT ON COLUMN letters.event_id   IS 'The request that sent it; messages.event_id of its messages.';
COMMENT ON COLUMN letters.subject    IS 'Subject.';
COMMENT ON COLUMN letters.body       IS 'Plain text; an empty line separates paragraphs.';
COMMENT ON COLUMN letters.created_at IS 'When it was written.';
CREATE INDEX letters_created_at ON letters (created_at);

CREATE TABLE push_subscriptions (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    endpoint   text        NOT NULL,
    p256dh     text        NOT NULL,
    auth       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT push_subscriptions_endpoint UNIQUE (endpoint)
);
COMMENT ON TABLE  push_subscriptions            IS 'Browsers that a customer wants to be told in.';
COMMENT ON COLUMN push_subscriptions.id         IS 'Id of the subscription.';
COMMENT ON COLUMN push_subscriptions.user_id    IS 'The customer.';
COMMENT ON COLUMN push_subscriptions.endpoint   IS 'Where the browser''s push service takes messages; whoever subscribed last owns it.';
COMMENT ON COLUMN push_subscriptions.p256dh     IS 'The browser''s public key, base64url.';
COMMENT ON COLUMN push_subscriptions.auth       IS 'The browser''s authentication secret, base64url.';
COMMENT ON COLUMN push_subscriptions.created_at IS 'When it was made.';
CREATE INDEX push_subscriptions_user_id ON push_subscriptions (user_id);

CREATE TABLE webhook_endpoints (
    id             uuid        PRIMARY KEY,
    url            text        NOT NULL,
    description    text        NOT NULL,
    event_types    text[]      NOT NULL,
    enabled        boolean     NOT NULL,
    disabled_why   text        NOT NULL DEFAULT '',
    secret_number  integer     NOT NULL DEFAULT 1,
    previous_until timestamptz,
    failing_since  timestamptz,
    created_by     uuid        NOT NULL,
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT webhook_endpoints_url UNIQUE (url),
    CONSTRAINT webhook_endpoints_secret_number CHECK (secret_number > 0)
);
COMMENT ON TABLE  webhook_endpoints                IS 'Programs outside that are told what happens, by Standard Webhooks.';
COMMENT ON COLUMN webhook_endpoints.id             IS 'Id of the endpoint.';
COMMENT ON COLUMN webhook_endpoints.url            IS 'Where it is told.';
COMMENT ON COLUMN webhook_endpoints.description    IS 'What it is for, in words.';
COMMENT ON COLUMN webhook_endpoints.event_types    IS 'What it wants to hear: types, order.* for all of a kind, or * for everything.';
COMMENT ON COLUMN webhook_endpoints.enabled        IS 'Whether it is told anything.';
COMMENT ON COLUMN webhook_endpoints.disabled_why   IS 'failing: it did not answer well for days. gone: it answered 410. Empty when it is enabled or was switched off by hand.';
COMMENT ON COLUMN webhook_endpoints.secret_number  IS 'Which of its secrets signs. Secrets derive from the service''s key and this number; none is stored.';
COMMENT ON COLUMN webhook_endpoints.previous_until IS 'Until when the secret before signs too; null when it does not.';
COMMENT ON COLUMN webhook_endpoints.failing_since  IS 'The first failure after the last success; null when the last delivery succeeded.';
COMMENT ON COLUMN webhook_endpoints.created_by     IS 'The user who made it, and who is told when it is switched off.';
COMMENT ON COLUMN webhook_endpoints.version        IS 'Counts changes by hand and being switched off; the ETag.';
COMMENT ON COLUMN webhook_endpoints.created_at     IS 'When it was made.';
COMMENT ON COLUMN webhook_endpoints.updated_at     IS 'When version last changed.';

CREATE TABLE webhook_deliveries (
    id              uuid        PRIMARY KEY,
    endpoint_id     uuid        NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id        uuid        NOT NULL,
    type            text        NOT NULL,
    payload         text        NOT NULL,
    status          text        NOT NULL,
    attempts        integer     NOT NULL DEFAULT 0,
    tries           integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    response_status integer     NOT NULL DEFAULT 0,
    reason          text        NOT NULL DEFAULT '',
    duration_ms     bigint      NOT NULL DEFAULT 0,
    attempted_at    timestamptz,
    created_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, event_id),
    CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT webhook_deliveries_due CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_deliveries_settled CHECK ((status = 'pending') = (settled_at IS NULL))
);
COMMENT ON TABLE  webhook_deliveries                 IS 'An event on its way to an endpoint, and the log of that. Kept 30 days.';
COMMENT ON COLUMN webhook_deliveries.id              IS 'Id of the delivery.';
COMMENT ON COLUMN webhook_deliveries.endpoint_id     IS 'The endpoint.';
COMMENT ON COLUMN webhook_deliveries.event_id        IS 'The event; the webhook-id, the same on every attempt and replay.';
COMMENT ON COLUMN webhook_deliveries.type            IS 'Type of the event.';
COMMENT ON COLUMN webhook_deliveries.payload         IS 'The body as it is signed and sent: ids, amounts and states.';
COMMENT ON COLUMN webhook_deliveries.status          IS 'pending: to be delivered. delivered: answered with 2xx. failed: given up.';
COMMENT ON COLUMN webhook_deliveries.attempts        IS 'How often it was tried in all.';
COMMENT ON COLUMN webhook_deliveries.tries           IS 'How often since it was made or last replayed: the place in the retry schedule.';
COMMENT ON COLUMN webhook_deliveries.next_attempt_at IS 'When it is due; while somebody is at it, when it is due if they die. Null once settled.';
COMMENT ON COLUMN webhook_deliveries.response_status IS 'HTTP status of the last attempt''s answer; 0 when there was none.';
COMMENT ON COLUMN webhook_deliveries.reason          IS 'Why the last attempt failed, in a stable word; empty when it did not.';
COMMENT ON COLUMN webhook_deliveries.duration_ms     IS 'Milliseconds that the last attempt took.';
COMMENT ON COLUMN webhook_deliveries.attempted_at    IS 'When it was last tried; null before.';
COMMENT ON COLUMN webhook_deliveries.created_at      IS 'When it was recorded.';
COMMENT ON COLUMN webhook_deliveries.settled_at      IS 'When it was delivered or given up; null before.';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_created_at ON webhook_deliveries (created_at);

-- +goose Down
DROP TABLE webhook_deliveries;
DROP TABLE webhook_endpoints;
DROP TABLE push_subscriptions;
DROP TABLE letters;
DROP TABLE messages;
