-- +goose Up

-- An intent may be captured in parts: some of it received while the rest is still held.
ALTER TABLE payment_intents
    ADD COLUMN multicapture boolean NOT NULL DEFAULT false,      -- asked for with request_multicapture
    DROP CONSTRAINT received_only_when_succeeded,
    ADD CONSTRAINT received_when_captured CHECK (CASE status
        WHEN 'succeeded' THEN amount_received > 0
        WHEN 'requires_capture' THEN true
        ELSE amount_received = 0 END);

-- +goose Down
ALTER TABLE payment_intents DROP COLUMN multicapture;
