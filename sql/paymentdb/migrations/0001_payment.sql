-- +goose Up
CREATE TABLE payments (
    id                  uuid        PRIMARY KEY,
    order_id            uuid        NOT NULL,
    user_id             uuid,
    amount              bigint      NOT NULL,
    currency            text        NOT NULL,
    capture             text        NOT NULL,
    status              text        NOT NULL,
    authorized          bigint      NOT NULL DEFAULT 0,
    captured            bigint      NOT NULL DEFAULT 0,
    refunded            bigint      NOT NULL DEFAULT 0,
    provider_payment_id text        NOT NULL DEFAULT '',
    action_url          text        NOT NULL DEFAULT '',
    failure             text        NOT NULL DEFAULT '',
    decline_code        text        NOT NULL DEFAULT '',
    voided_at           timestamptz,
    version             bigint      NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT payments_order_id UNIQUE (order_id),
    CONSTRAINT payments_money CHECK (0 <= refunded AND refunded <= captured AND captured <= authorized AND authorized <= amount),
    CONSTRAINT payments_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payments_capture CHECK (capture IN ('automatic', 'manual')),
    CONSTRAINT payments_version CHECK (version > 0),
    -- What a status says about the money.
    CONSTRAINT payments_status CHECK (CASE status
        WHEN 'pending'         THEN authorized = 0
        WHEN 'unknown'         THEN authorized = 0
        WHEN 'requires_action' THEN authorized = 0
        WHEN 'authorized'      THEN authorized > 0 AND captured = 0
        WHEN 'captured'        THEN authorized = captured AND refunded < captured
        WHEN 'refunded'        THEN authorized = captured AND refunded = captured AND captured > 0
        WHEN 'voided'          THEN authorized = 0
        WHEN 'failed'          THEN authorized = 0
        ELSE false END),
    -- A payment that never was: VoidPayment came before AuthorizePayment.
    CONSTRAINT payments_tombstone CHECK ((user_id IS NULL) = (amount = 0) AND (user_id IS NOT NULL OR (voided_at IS NOT NULL AND status = 'voided')))
) WITH (fillfactor = 80);
COMMENT ON TABLE  payments                     IS 'The one payment of each order. Amounts are minor units of its currency.';
COMMENT ON COLUMN payments.id                  IS 'Id of the payment; the provider has it as metadata payment_id.';
COMMENT ON COLUMN payments.order_id            IS 'The order it pays; the provider has it as metadata order_id.';
COMMENT ON COLUMN payments.user_id             IS 'The customer; null on a tombstone only.';
COMMENT ON COLUMN payments.amount              IS 'What the order costs; 0 XXX on a tombstone.';
COMMENT ON COLUMN payments.currency            IS 'ISO 4217 code.';
COMMENT ON COLUMN payments.capture             IS 'automatic: taken with the authorization. manual: taken later.';
COMMENT ON COLUMN payments.status              IS 'Where it stands; the check says what each status means for the money.';
COMMENT ON COLUMN payments.authorized          IS 'Held on the card or taken. What is let go no longer counts.';
COMMENT ON COLUMN payments.captured            IS 'Taken.';
COMMENT ON COLUMN payments.refunded            IS 'Given back of what was taken.';
COMMENT ON COLUMN payments.provider_payment_id IS 'The provider''s id (pi_…); empty until it is known.';
COMMENT ON COLUMN payments.action_url          IS 'The bank''s page for the customer while the status is requires_action, else empty.';
COMMENT ON COLUMN payments.failure             IS 'Reason of the fault that a failed payment is answered with, else empty.';
COMMENT ON COLUMN payments.decline_code        IS 'The bank''s word for a decline, like insufficient_funds; empty when there is none.';
COMMENT ON COLUMN payments.voided_at           IS 'When the order stopped wanting the payment: the tombstone. Null while it wants it.';
COMMENT ON COLUMN payments.version             IS 'Counts changes of status and money, from 1; each later one has its transaction.';
COMMENT ON COLUMN payments.created_at          IS 'When it was first asked for.';
COMMENT ON COLUMN payments.updated_at          IS 'When status or money last changed.';
CREATE UNIQUE INDEX payments_provider_payment_id ON payments (provider_payment_id) WHERE provider_payment_id <> '';
CREATE INDEX payments_unsettled ON payments (updated_at)
    WHERE status IN ('pending', 'unknown', 'requires_action') OR (voided_at IS NOT NULL AND status IN ('authorized', 'captured'));

CREATE TABLE attempts (
    key            text        PRIMARY KEY,
    payment_id     uuid        NOT NULL REFERENCES payments (id),
    operation      text        NOT NULL,
    n              integer     NOT NULL,
    state          text        NOT NULL DEFAULT 'in_progress',
    amount         bigint      NOT NULL,
    payment_method text        NOT NULL DEFAULT '',
    faults         text        NOT NULL DEFAULT '',
    sends          integer     NOT NULL DEFAULT 1,
    provider_id    text        NOT NULL DEFAULT '',
    error          text        NOT NULL DEFAULT '',
    first_sent_at  timestamptz NOT NULL DEFAULT now(),
    sent_at        timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    CONSTRAINT attempts_operation CHECK (operation IN ('authorize', 'capture', 'void', 'refund')),
    CONSTRAINT attempts_n CHECK (n > 0),
    CONSTRAINT attempts_state CHECK (state IN ('in_progress', 'unknown', 'requires_action', 'succeeded', 'declined', 'failed')),
    CONSTRAINT attempts_finished CHECK ((finished_at IS NULL) = (state IN ('in_progress', 'unknown')))
) WITH (fillfactor = 80);
COMMENT ON TABLE  attempts                IS 'What was asked of the provider, written before it is asked.';
COMMENT ON COLUMN attempts.key            IS 'The provider''s idempotency key: <order id>:<operation>:<n>.';
COMMENT ON COLUMN attempts.payment_id     IS 'The payment.';
COMMENT ON COLUMN attempts.operation      IS 'authorize, capture, void (let go of what is held) or refund.';
COMMENT ON COLUMN attempts.n              IS 'Counts the attempts at one operation, from 1; a new one only after a definite answer.';
COMMENT ON COLUMN attempts.state          IS 'in_progress: somebody is asking. unknown: the answer got lost. declined: the bank said no. failed: nothing happened. The others say themselves.';
COMMENT ON COLUMN attempts.amount         IS 'Minor units asked for.';
COMMENT ON COLUMN attempts.payment_method IS 'The provider''s token of the card, for authorize; else empty.';
COMMENT ON COLUMN attempts.faults         IS 'Faults asked of the provider''s sandbox; empty in production.';
COMMENT ON COLUMN attempts.sends          IS 'How often it was sent, always with the same key.';
COMMENT ON COLUMN attempts.provider_id    IS 'The provider''s id of the result (pi_… or re_…); empty until it is known.';
COMMENT ON COLUMN attempts.error          IS 'Why it did not succeed, in the provider''s or our words; else empty.';
COMMENT ON COLUMN attempts.first_sent_at  IS 'When it was first sent: the provider forgets a key after 24 h.';
COMMENT ON COLUMN attempts.sent_at        IS 'When it was last sent: older than 10 s and in_progress means that the sender is gone.';
COMMENT ON COLUMN attempts.finished_at    IS 'When the answer was recorded; null while there is none.';
CREATE UNIQUE INDEX attempts_open ON attempts (payment_id) WHERE state IN ('in_progress', 'unknown');
CREATE INDEX attempts_payment_id ON attempts (payment_id);

CREATE TABLE transactions (
    payment_id  uuid        NOT NULL REFERENCES payments (id),
    version     bigint      NOT NULL,
    kind        text        NOT NULL,
    status      text        NOT NULL,
    amount      bigint      NOT NULL,
    currency    text        NOT NULL,
    provider_id text        NOT NULL,
    code        text        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (payment_id, version),
    CONSTRAINT transactions_version CHECK (version > 1),
    CONSTRAINT transactions_amount CHECK (amount >= 0),
    CONSTRAINT transactions_kind CHECK (kind IN
        ('unknown', 'action_required', 'authorized', 'captured', 'voided', 'refunded', 'refund_failed', 'failed'))
);
COMMENT ON TABLE  transactions             IS 'The history of each payment; append only. Its key is the lock: one change per version.';
COMMENT ON COLUMN transactions.payment_id  IS 'The payment.';
COMMENT ON COLUMN transactions.version     IS 'Version of the payment that it led to.';
COMMENT ON COLUMN transactions.kind        IS 'What happened.';
COMMENT ON COLUMN transactions.status      IS 'Status of the payment afterwards.';
COMMENT ON COLUMN transactions.amount      IS 'Minor units held, taken, let go or given back by it; 0 when no money moved.';
COMMENT ON COLUMN transactions.currency    IS 'ISO 4217 code.';
COMMENT ON COLUMN transactions.provider_id IS 'The provider''s id of the payment; empty when it is not known.';
COMMENT ON COLUMN transactions.code        IS 'Decline code or error; empty when it went well.';
COMMENT ON COLUMN transactions.created_at  IS 'When it was recorded.';

CREATE TABLE webhooks (
    id                  text        PRIMARY KEY,
    type                text        NOT NULL,
    provider_payment_id text        NOT NULL,
    order_id            uuid,
    payload             json        NOT NULL,
    received_at         timestamptz NOT NULL DEFAULT now(),
    due_at              timestamptz NOT NULL DEFAULT now(),
    tries               integer     NOT NULL DEFAULT 0,
    applied_at          timestamptz,
    outcome             text        NOT NULL DEFAULT '',
    CONSTRAINT webhooks_outcome CHECK (outcome IN ('', 'known', 'applied', 'ignored', 'unmatched', 'returned') AND (outcome = '') = (applied_at IS NULL))
);
COMMENT ON TABLE  webhooks                     IS 'What the provider told us, stored before it is answered and applied later, in any order.';
COMMENT ON COLUMN webhooks.id                  IS 'The provider''s event id (evt_…): a repeat is dropped.';
COMMENT ON COLUMN webhooks.type                IS 'The provider''s event type, like payment_intent.succeeded.';
COMMENT ON COLUMN webhooks.provider_payment_id IS 'The payment it is about (pi_…); empty when it is about none.';
COMMENT ON COLUMN webhooks.order_id            IS 'The order in its metadata; null when there is none.';
COMMENT ON COLUMN webhooks.payload             IS 'The body, as it came.';
COMMENT ON COLUMN webhooks.received_at         IS 'When it came.';
COMMENT ON COLUMN webhooks.due_at              IS 'When to apply it: later than received_at after a failed try.';
COMMENT ON COLUMN webhooks.tries               IS 'How often applying it failed.';
COMMENT ON COLUMN webhooks.applied_at          IS 'When it was applied; null while it waits.';
COMMENT ON COLUMN webhooks.outcome             IS 'known: it said nothing new. applied: it did. ignored: not our business. unmatched: of an order without payment. returned: a second charge, given back. Empty while it waits.';
CREATE INDEX webhooks_waiting ON webhooks (due_at) WHERE applied_at IS NULL;

-- +goose Down
DROP TABLE webhooks;
DROP TABLE transactions;
DROP TABLE attempts;
DROP TABLE payments;
