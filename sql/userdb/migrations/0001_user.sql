-- +goose Up
-- Accounts, their sessions and what slows down guessing of passwords.

CREATE TABLE users (
    id            uuid        PRIMARY KEY,
    email         text        NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role          text        NOT NULL CHECK (role IN ('customer', 'support', 'admin')),
    password_hash text        NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    version       bigint      NOT NULL CHECK (version > 0),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
COMMENT ON TABLE  users               IS 'Accounts of customers and staff.';
COMMENT ON COLUMN users.id            IS 'Id of the account; the subject of its tokens.';
COMMENT ON COLUMN users.email         IS 'Address to sign in with, in lower case.';
COMMENT ON COLUMN users.name          IS 'What to call the person.';
COMMENT ON COLUMN users.role          IS 'customer, support or admin.';
COMMENT ON COLUMN users.password_hash IS 'Argon2id in PHC format, with its parameters and salt.';
COMMENT ON COLUMN users.version       IS 'Counts changes of name and role, from 1; the ETag and the sequence of events.';
COMMENT ON COLUMN users.created_at    IS 'When the account was registered.';
COMMENT ON COLUMN users.updated_at    IS 'When its version last changed.';
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE sessions (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users,
    secret     bytea       NOT NULL CHECK (length(secret) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text        CHECK (ended_by IN ('logout', 'reuse')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE  sessions            IS 'A sign-in on one device: the family of refresh tokens that came from it.';
COMMENT ON COLUMN sessions.id         IS 'Id of the session; the sid of its access tokens.';
COMMENT ON COLUMN sessions.user_id    IS 'Whose session it is.';
COMMENT ON COLUMN sessions.secret     IS 'Random; with a refresh token it gives the successor. Worthless without the token.';
COMMENT ON COLUMN sessions.created_at IS 'When the person signed in.';
COMMENT ON COLUMN sessions.expires_at IS 'When they must sign in again, however often they refresh.';
COMMENT ON COLUMN sessions.ended_at   IS 'When it was ended before that; null while it lives.';
COMMENT ON COLUMN sessions.ended_by   IS 'logout, or reuse of a refresh token that had been exchanged before.';
CREATE INDEX sessions_user_id ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       bytea       PRIMARY KEY CHECK (length(hash) = 32),
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE  refresh_tokens            IS 'Refresh tokens, each good for one exchange.';
COMMENT ON COLUMN refresh_tokens.hash       IS 'SHA-256 of the token; the token itself is not kept.';
COMMENT ON COLUMN refresh_tokens.session_id IS 'The session it belongs to.';
COMMENT ON COLUMN refresh_tokens.created_at IS 'When it was issued.';
COMMENT ON COLUMN refresh_tokens.expires_at IS 'When it stops being good.';
COMMENT ON COLUMN refresh_tokens.used_at    IS 'When it was exchanged; null for the one live token of a session.';
CREATE UNIQUE INDEX refresh_tokens_live ON refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);

CREATE TABLE sign_in_limits (
    key     bytea       PRIMARY KEY CHECK (length(key) = 32),
    full_at timestamptz NOT NULL
);
COMMENT ON TABLE  sign_in_limits         IS 'How many failed sign-ins an account or address has left (GCRA: one time per bucket).';
COMMENT ON COLUMN sign_in_limits.key     IS 'SHA-256 of what is counted, so that no address is kept.';
COMMENT ON COLUMN sign_in_limits.full_at IS 'When the bucket is full again; the later, the fewer attempts are left.';
CREATE INDEX sign_in_limits_full_at ON sign_in_limits (full_at);

-- +goose Down
DROP TABLE sign_in_limits;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE users;
