-- +goose Up
-- What a person says about themselves, what is mailed to them, and API keys.

ALTER TABLE users
    ADD COLUMN phone                text CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    ADD COLUMN email_verified_at    timestamptz,
    ADD COLUMN erasure_requested_at timestamptz,
    ADD COLUMN erased_at            timestamptz,
    ADD CONSTRAINT users_erased CHECK (erased_at IS NULL OR (
        email = id::text || '@erased.invalid' AND name = 'Erased' AND phone IS NULL AND email_verified_at IS NULL AND role = 'customer'));
COMMENT ON COLUMN users.phone             IS 'In E.164 form, like +4930123456; null when the person gave none.';
COMMENT ON COLUMN users.email_verified_at IS 'When the person proved that the address is theirs; null before.';
COMMENT ON COLUMN users.erasure_requested_at IS 'Since when nobody can sign in because the account is being erased; null while it is not.';
COMMENT ON COLUMN users.erased_at         IS 'When everything personal was deleted; null while the account is one. The row stays for what refers to it.';
-- As lists for admins go, newest first; the id is a UUIDv7.
CREATE INDEX users_role ON users (role, id DESC) WHERE erased_at IS NULL;
CREATE INDEX users_erasure ON users (erasure_requested_at) WHERE erased_at IS NULL AND erasure_requested_at IS NOT NULL;

CREATE TABLE preferences (
    user_id  uuid    PRIMARY KEY REFERENCES users,
    locale   text    NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'de')),
    currency text    NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    email    boolean NOT NULL DEFAULT true,
    sms      boolean NOT NULL DEFAULT false,
    push     boolean NOT NULL DEFAULT false,
    version  bigint  NOT NULL DEFAULT 1 CHECK (version > 0)
);
COMMENT ON TABLE  preferences          IS 'How a person wants the shop to be; one row for each account.';
COMMENT ON COLUMN preferences.user_id  IS 'Whose they are.';
COMMENT ON COLUMN preferences.locale   IS 'Language of mails: en or de.';
COMMENT ON COLUMN preferences.currency IS 'Currency to show prices in, ISO 4217.';
COMMENT ON COLUMN preferences.email    IS 'Whether news of orders may be mailed. What an account needs, like a new password, always is.';
COMMENT ON COLUMN preferences.sms      IS 'Whether they may be sent to the phone.';
COMMENT ON COLUMN preferences.push     IS 'Whether they may be pushed to browsers.';
COMMENT ON COLUMN preferences.version  IS 'Counts changes, from 1; the ETag.';
INSERT INTO preferences (user_id) SELECT id FROM users;

CREATE TABLE addresses (
    id          uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users,
    label       text        NOT NULL CHECK (length(label) <= 50),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    line1       text        NOT NULL CHECK (length(line1) BETWEEN 1 AND 200),
    line2       text        NOT NULL CHECK (length(line2) <= 200),
    city        text        NOT NULL CHECK (length(city) BETWEEN 1 AND 100),
    postal_code text        NOT NULL CHECK (length(postal_code) BETWEEN 1 AND 20),
    country     text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    is_default  boolean     NOT NULL,
    version     bigint      NOT NULL CHECK (version > 0),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
COMMENT ON TABLE  addresses             IS 'Places a person has things sent to. An order keeps a copy of its own.';
COMMENT ON COLUMN addresses.id          IS 'Id of the address.';
COMMENT ON COLUMN addresses.user_id     IS 'Whose it is.';
COMMENT ON COLUMN addresses.label       IS 'What the person calls it, like Home; may be empty.';
COMMENT ON COLUMN addresses.name        IS 'Who receives there.';
COMMENT ON COLUMN addresses.line1       IS 'Street and number.';
COMMENT ON COLUMN addresses.line2       IS 'Floor, company, state or the like; may be empty.';
COMMENT ON COLUMN addresses.city        IS 'City.';
COMMENT ON COLUMN addresses.postal_code IS 'Postal code.';
COMMENT ON COLUMN addresses.country     IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN addresses.is_default  IS 'Whether the shop proposes it first; the first address of a person is.';
COMMENT ON COLUMN addresses.version     IS 'Counts changes, from 1; the ETag.';
COMMENT ON COLUMN addresses.created_at  IS 'When it was added.';
COMMENT ON COLUMN addresses.updated_at  IS 'When it last changed.';
CREATE INDEX addresses_user_id ON addresses (user_id, id);
CREATE UNIQUE INDEX addresses_default ON addresses (user_id) WHERE is_default;

CREATE TABLE mail_requests (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users,
    kind       text        NOT NULL CHECK (kind IN ('verify_email', 'reset_password')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at    timestamptz
);
COMMENT ON TABLE  mail_requests            IS 'Mails with a token that a person asked for. The token is made from the id and a secret of the process; it is not kept.';
COMMENT ON COLUMN mail_requests.id         IS 'Id of the request; the subject of its event.';
COMMENT ON COLUMN mail_requests.user_id    IS 'Whose account it is about.';
COMMENT ON COLUMN mail_requests.kind       IS 'What the token is good for: verify_email or reset_password.';
COMMENT ON COLUMN mail_requests.created_at IS 'When it was asked for.';
COMMENT ON COLUMN mail_requests.expires_at IS 'When the token stops being good.';
COMMENT ON COLUMN mail_requests.used_at    IS 'When it was used, or made worthless by another that was; null before.';
CREATE INDEX mail_requests_user_id ON mail_requests (user_id, kind) WHERE used_at IS NULL;
CREATE INDEX mail_requests_expires_at ON mail_requests (expires_at);

CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users,
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hint         text        NOT NULL CHECK (length(hint) BETWEEN 8 AND 16),
    hash         bytea       NOT NULL CHECK (length(hash) = 32),
    role         text        NOT NULL CHECK (role IN ('customer', 'support', 'admin')),
    scopes       text[]      NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 50),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz CHECK (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
COMMENT ON TABLE  api_keys              IS 'Keys by which programs act in the name of an account.';
COMMENT ON COLUMN api_keys.id           IS 'Id of the key; the sid of its access tokens.';
COMMENT ON COLUMN api_keys.user_id      IS 'In whose name it acts.';
COMMENT ON COLUMN api_keys.name         IS 'What it is for, in words.';
COMMENT ON COLUMN api_keys.hint         IS 'How the key begins, to tell keys apart.';
COMMENT ON COLUMN api_keys.hash         IS 'SHA-256 of the key, which has 256 random bits; the key itself is not kept.';
COMMENT ON COLUMN api_keys.role         IS 'The role it acts in; worth no more than the owner''s is when it is used.';
COMMENT ON COLUMN api_keys.scopes       IS 'What it may do, like orders:read.';
COMMENT ON COLUMN api_keys.created_at   IS 'When it was made.';
COMMENT ON COLUMN api_keys.expires_at   IS 'When it stops being good; null is never.';
COMMENT ON COLUMN api_keys.last_used_at IS 'When it was last exchanged for a token, to the minute; null is never.';
COMMENT ON COLUMN api_keys.revoked_at   IS 'When it was withdrawn; null while it is good.';
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_user_id ON api_keys (user_id) WHERE revoked_at IS NULL;

-- Erasing an account takes its name out of what is kept for replay.
CREATE INDEX outbox_subject ON outbox (subject);

-- From now on the end of a session has an event; one that ended without is of
-- no use to anybody.
DELETE FROM sessions WHERE ended_at IS NOT NULL;
ALTER TABLE sessions DROP CONSTRAINT sessions_ended_by_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN ('logout', 'reuse', 'password', 'erasure'));
COMMENT ON COLUMN sessions.ended_by IS 'logout; reuse of a refresh token that had been exchanged before; password, a new one; erasure of the account.';

-- +goose Down
DELETE FROM sessions WHERE ended_by IN ('password', 'erasure');
ALTER TABLE sessions DROP CONSTRAINT sessions_ended_by_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_ended_by_check CHECK (ended_by IN ('logout', 'reuse'));
DROP INDEX outbox_subject;
DROP TABLE api_keys;
DROP TABLE mail_requests;
DROP TABLE addresses;
DROP TABLE preferences;
DROP INDEX users_role, users_erasure;
ALTER TABLE users DROP CONSTRAINT users_erased, DROP COLUMN phone, DROP COLUMN email_verified_at,
    DROP COLUMN erasure_requested_at, DROP COLUMN erased_at;
