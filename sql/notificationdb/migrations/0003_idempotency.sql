-- +goose Up
-- The same in every service's database that answers keyed requests: see package kassa/internal/httpapi.

CREATE TABLE idempotency_keys (
    principal    text        NOT NULL,
    operation    text        NOT NULL,
    key          text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint  bytea       NOT NULL,
    claimed_at   timestamptz NOT NULL DEFAULT now(),
    status       integer,
    headers      jsonb,
    body         bytea,
    completed_at timestamptz,
    PRIMARY KEY (principal, operation, key)
);
COMMENT ON TABLE  idempotency_keys              IS 'Answers to keyed requests, given again to a repeat. Kept at least 24 h.';
COMMENT ON COLUMN idempotency_keys.principal    IS 'Who asked: user id, API key id, or anonymous:<address>.';
COMMENT ON COLUMN idempotency_keys.operation    IS 'Operation id, like register-user.';
COMMENT ON COLUMN idempotency_keys.key          IS 'The client''s Idempotency-Key.';
COMMENT ON COLUMN idempotency_keys.fingerprint  IS 'SHA-256 of method, path and body; another request under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.claimed_at   IS 'When the first request came.';
COMMENT ON COLUMN idempotency_keys.status       IS 'HTTP status of the answer; null while the first request runs.';
COMMENT ON COLUMN idempotency_keys.headers      IS 'Location and ETag of the answer.';
COMMENT ON COLUMN idempotency_keys.body         IS 'Body of the answer.';
COMMENT ON COLUMN idempotency_keys.completed_at IS 'When the answer was stored.';
CREATE INDEX idempotency_keys_claimed_at ON idempotency_keys (claimed_at);

-- +goose Down
DROP TABLE idempotency_keys;
