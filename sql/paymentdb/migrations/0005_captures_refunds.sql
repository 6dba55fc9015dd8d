-- +goose Up
-- A payment may be taken in parts while the rest is still held, and given back in parts.
ALTER TABLE payments
    ADD COLUMN refund_claimed bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT payments_refund_claimed CHECK (refund_claimed >= 0),
    DROP CONSTRAINT payments_status,
    ADD CONSTRAINT payments_status CHECK (CASE status
        WHEN 'pending'         THEN authorized = 0
        WHEN 'unknown'         THEN authorized = 0
        WHEN 'requires_action' THEN authorized = 0
        WHEN 'authorized'      THEN authorized > captured
        WHEN 'captured'        THEN authorized = captured AND refunded < captured
        WHEN 'refunded'        THEN authorized = captured AND refunded = captured AND captured > 0
        WHEN 'voided'          THEN authorized = 0
        WHEN 'failed'          THEN authorized = 0
        ELSE false END);
COMMENT ON COLUMN payments.authorized     IS 'Held on the card or taken. What is let go no longer counts; authorized - captured is held.';
COMMENT ON COLUMN payments.refund_claimed IS 'Sum of the refunds that were asked for and have not come to nothing: a new one must leave it within captured.';

CREATE TABLE captures (
    id          uuid        PRIMARY KEY,
    payment_id  uuid        NOT NULL REFERENCES payments (id),
    amount      bigint      NOT NULL,
    final       boolean     NOT NULL,
    status      text        NOT NULL DEFAULT 'requested',
    reason      text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT captures_amount CHECK (amount > 0),
    CONSTRAINT captures_status CHECK (status IN ('requested', 'refused', 'succeeded'))
);
COMMENT ON TABLE  captures            IS 'What was asked to be taken of what a payment holds, once each.';
COMMENT ON COLUMN captures.id         IS 'Id of the capture, chosen by whoever asks; the provider has the last one as metadata capture_id.';
COMMENT ON COLUMN captures.payment_id IS 'The payment.';
COMMENT ON COLUMN captures.amount     IS 'Minor units of the payment''s currency.';
COMMENT ON COLUMN captures.final      IS 'Whether the rest is let go.';
COMMENT ON COLUMN captures.status     IS 'requested: being asked for. refused: nothing was taken, and nothing will be. succeeded: taken.';
COMMENT ON COLUMN captures.reason     IS 'Reason of the fault that a refused capture is answered with, else empty.';
COMMENT ON COLUMN captures.created_at IS 'When it was first asked for.';
COMMENT ON COLUMN captures.updated_at IS 'When its status last changed.';
CREATE INDEX captures_payment_id ON captures (payment_id);

CREATE TABLE refunds (
    id          uuid        PRIMARY KEY,
    payment_id  uuid        NOT NULL REFERENCES payments (id),
    amount      bigint      NOT NULL,
    status      text        NOT NULL DEFAULT 'requested',
    reason      text        NOT NULL DEFAULT '',
    provider_id text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refunds_amount CHECK (amount > 0),
    CONSTRAINT refunds_status CHECK (status IN ('requested', 'refused', 'pending', 'succeeded', 'failed'))
);
COMMENT ON TABLE  refunds             IS 'What was asked to be given back of what a payment has taken, once each.';
COMMENT ON COLUMN refunds.id          IS 'Id of the refund, chosen by whoever asks; the provider has it as metadata refund_id.';
COMMENT ON COLUMN refunds.payment_id  IS 'The payment.';
COMMENT ON COLUMN refunds.amount      IS 'Minor units of the payment''s currency.';
COMMENT ON COLUMN refunds.status      IS 'requested: being asked for. refused: nothing was given back. pending: on its way. succeeded: given back. failed: it came back to us. Moves in this order only.';
COMMENT ON COLUMN refunds.reason      IS 'Reason of the fault that a refused or failed refund is answered with, else empty.';
COMMENT ON COLUMN refunds.provider_id IS 'The provider''s id (re_…); empty until it is known.';
COMMENT ON COLUMN refunds.created_at  IS 'When it was first asked for.';
COMMENT ON COLUMN refunds.updated_at  IS 'When its status last changed.';
CREATE INDEX refunds_payment_id ON refunds (payment_id);

-- What was given back before refunds had a row of their own.
INSERT INTO refunds (id, payment_id, amount, status, created_at, updated_at)
SELECT gen_random_uuid(), id, refunded, 'succeeded', updated_at, updated_at FROM payments WHERE refunded > 0;
UPDATE payments SET refund_claimed = refunded WHERE refunded > 0;

ALTER TABLE attempts
    ADD COLUMN request_id uuid,
    ADD COLUMN final boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN attempts.request_id IS 'The capture or refund that it is for; null for other operations.';
COMMENT ON COLUMN attempts.final      IS 'Of a capture: whether the rest is let go.';

ALTER TABLE transactions
    ADD COLUMN request_id uuid,
    DROP CONSTRAINT transactions_kind,
    ADD CONSTRAINT transactions_kind CHECK (kind IN
        ('unknown', 'action_required', 'authorized', 'captured', 'released', 'voided', 'refunded', 'refund_failed', 'failed'));
COMMENT ON COLUMN transactions.request_id IS 'The capture or refund that made it; null when it was none of ours, or something else.';

-- +goose Down
ALTER TABLE transactions DROP COLUMN request_id;
ALTER TABLE attempts DROP COLUMN request_id, DROP COLUMN final;
DROP TABLE refunds, captures;
ALTER TABLE payments DROP COLUMN refund_claimed;
