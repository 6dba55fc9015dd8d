-- +goose Up

-- A payment intent: one wish to be paid, from creation until it succeeded or was canceled.
-- Amounts are minor units of the intent's currency. The row is the lock of everything below it.
CREATE TABLE payment_intents (
    id                  text        PRIMARY KEY,                 -- pi_…
    seq                 bigint      NOT NULL GENERATED ALWAYS AS IDENTITY, -- order of lists, newest last
    version             integer     NOT NULL CHECK (version > 0), -- counts changes, starts at 1
    order_id            text        NOT NULL DEFAULT '',         -- metadata[order_id], '' when there is none
    amount              bigint      NOT NULL CHECK (amount > 0), -- what was asked for
    currency            text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    capture_method      text        NOT NULL CHECK (capture_method IN ('automatic', 'automatic_async', 'manual')),
    confirmation_method text        NOT NULL CHECK (confirmation_method IN ('automatic', 'manual')),
    status              text        NOT NULL CHECK (status IN (
        'requires_payment_method', 'requires_confirmation', 'requires_action',
        'processing', 'requires_capture', 'succeeded', 'canceled')),
    payment_method      text        NOT NULL DEFAULT '',         -- pm_card_…, '' when there is none
    redirects           boolean     NOT NULL,                    -- methods that leave the page are allowed, so confirming needs a return_url
    off_session         boolean     NOT NULL DEFAULT false,      -- the customer was not there when it was last confirmed
    description         text        NOT NULL DEFAULT '',
    metadata            jsonb       NOT NULL DEFAULT '{}',       -- the caller's own strings
    return_url          text        NOT NULL DEFAULT '',         -- where the 3-D Secure page sends the customer, '' for nowhere
    client_secret       text        NOT NULL,                    -- opens the 3-D Secure page of this intent
    amount_capturable   bigint      NOT NULL DEFAULT 0,          -- authorized and still held
    amount_received     bigint      NOT NULL DEFAULT 0,          -- captured
    amount_refunded     bigint      NOT NULL DEFAULT 0,          -- given back of what was captured
    latest_charge       text        NOT NULL DEFAULT '',         -- ch_…, '' before the first attempt
    last_error          jsonb,                                   -- last_payment_error as shown, null when there is none
    cancellation_reason text        NOT NULL DEFAULT '',
    settle_at           timestamptz,                             -- when a processing intent gets its outcome, null otherwise
    settle_as           text        NOT NULL DEFAULT '',         -- that outcome: '' succeeds, otherwise a decline code
    created_at          timestamptz NOT NULL,
    canceled_at         timestamptz,
    CONSTRAINT money_within_amount CHECK (
        amount_capturable >= 0 AND amount_received >= 0
        AND amount_capturable + amount_received <= amount),
    CONSTRAINT refunded_within_received CHECK (amount_refunded BETWEEN 0 AND amount_received),
    CONSTRAINT held_only_while_capturable CHECK ((status = 'requires_capture') = (amount_capturable > 0)),
    CONSTRAINT received_only_when_succeeded CHECK ((status = 'succeeded') = (amount_received > 0)),
    CONSTRAINT settling_only_while_processing CHECK ((status = 'processing') = (settle_at IS NOT NULL))
);
CREATE UNIQUE INDEX payment_intents_seq ON payment_intents (seq);
CREATE INDEX payment_intents_order ON payment_intents (order_id) WHERE order_id <> '';
CREATE INDEX payment_intents_settling ON payment_intents (settle_at) WHERE settle_at IS NOT NULL;

-- One attempt to take the money of an intent. A declined attempt stays, as failed.
CREATE TABLE charges (
    id              text        PRIMARY KEY,                     -- ch_…
    seq             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,    -- order of lists, newest last
    intent_id       text        NOT NULL REFERENCES payment_intents (id),
    amount          bigint      NOT NULL CHECK (amount > 0),     -- authorized
    currency        text        NOT NULL,
    status          text        NOT NULL CHECK (status IN ('succeeded', 'failed')),
    payment_method  text        NOT NULL,                        -- pm_card_…
    amount_captured bigint      NOT NULL DEFAULT 0,              -- taken
    amount_released bigint      NOT NULL DEFAULT 0,              -- authorized, then let go without being taken
    amount_refunded bigint      NOT NULL DEFAULT 0,              -- taken, then given back
    decline_code    text        NOT NULL DEFAULT '',             -- why it failed, '' when it did not
    created_at      timestamptz NOT NULL,
    CONSTRAINT captured_within_amount CHECK (
        amount_captured >= 0 AND amount_released >= 0
        AND amount_captured + amount_released <= amount),
    CONSTRAINT refunded_within_captured CHECK (amount_refunded BETWEEN 0 AND amount_captured),
    CONSTRAINT failed_moves_nothing CHECK (status = 'succeeded' OR (amount_captured = 0 AND amount_released = 0)),
    CONSTRAINT failed_has_a_reason CHECK ((status = 'failed') = (decline_code <> ''))
);
CREATE INDEX charges_intent ON charges (intent_id);

-- Captured money on its way back to the card.
CREATE TABLE refunds (
    id         text        PRIMARY KEY,                          -- re_…
    seq        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,         -- order of lists, newest last
    intent_id  text        NOT NULL REFERENCES payment_intents (id),
    charge_id  text        NOT NULL REFERENCES charges (id),
    amount     bigint      NOT NULL CHECK (amount > 0),
    currency   text        NOT NULL,
    status     text        NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    reason     text        NOT NULL DEFAULT '',                  -- duplicate, fraudulent, requested_by_customer or ''
    metadata   jsonb       NOT NULL DEFAULT '{}',
    settle_at  timestamptz,                                      -- when its status changes once more, null when it is final
    settle_as  text        NOT NULL DEFAULT '',                  -- the status it then has
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX refunds_seq ON refunds (seq);
CREATE INDEX refunds_intent ON refunds (intent_id);
CREATE INDEX refunds_settling ON refunds (settle_at) WHERE settle_at IS NOT NULL;

-- The ledger: every movement of money, out of one account and into another, so it balances by
-- construction. Accounts: card (the customer's), held (authorized), merchant (captured).
CREATE TABLE ledger_entries (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intent_id  text        NOT NULL REFERENCES payment_intents (id),
    charge_id  text        NOT NULL REFERENCES charges (id),
    refund_id  text        NOT NULL DEFAULT '',                  -- re_… for refund and refund_failed, '' otherwise
    kind       text        NOT NULL CHECK (kind IN (
        'authorize', 'charge', 'capture', 'release', 'refund', 'refund_failed')),
    debit      text        NOT NULL CHECK (debit IN ('card', 'held', 'merchant')),  -- the account it leaves
    credit     text        NOT NULL CHECK (credit IN ('card', 'held', 'merchant')), -- the account it reaches
    amount     bigint      NOT NULL CHECK (amount > 0),
    currency   text        NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (debit <> credit)
);
CREATE INDEX ledger_entries_intent ON ledger_entries (intent_id);

-- Replies kept for repeated requests. A key names one request with its parameters for 24 hours.
CREATE TABLE idempotency_keys (
    key         text        PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
    path        text        NOT NULL,                            -- method and path of the first request
    fingerprint bytea       NOT NULL,                            -- SHA-256 of its parameters
    status      integer     NOT NULL,                            -- HTTP status of its reply
    body        text        NOT NULL,                            -- body of its reply, as sent
    request_id  text        NOT NULL,                            -- its Request-Id
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Webhook events, written with the change they report and delivered later.
CREATE TABLE events (
    id           text        PRIMARY KEY,                        -- evt_…
    seq          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,       -- order in which things happened
    type         text        NOT NULL,                           -- payment_intent.succeeded and so on
    intent_id    text        NOT NULL,                           -- pi_… the event is about
    body         text        NOT NULL,                           -- the event as JSON, exactly as delivered
    created_at   timestamptz NOT NULL DEFAULT now(),
    due_at       timestamptz,                                    -- next delivery, null when none is left to do
    copies       integer     NOT NULL DEFAULT 1,                 -- how often each delivery is sent
    attempts     integer     NOT NULL DEFAULT 0,                 -- deliveries tried
    delivered_at timestamptz,                                    -- when the endpoint accepted it, null before
    lost         boolean     NOT NULL DEFAULT false,             -- by request never delivered
    last_result  text        NOT NULL DEFAULT ''                 -- status or error of the last try
);
CREATE UNIQUE INDEX events_seq ON events (seq);
CREATE INDEX events_due ON events (due_at, seq) WHERE due_at IS NOT NULL;
CREATE INDEX events_intent ON events (intent_id);

-- The faults asked for over PUT /_sandbox/faults, kept so that a restart does not heal anything.
CREATE TABLE fault_settings (
    id       integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),       -- there is one row
    settings jsonb   NOT NULL                                    -- the body as it was put
);

-- +goose Down
DROP TABLE fault_settings, events, idempotency_keys, ledger_entries, refunds, charges, payment_intents;
