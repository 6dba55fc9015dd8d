-- +goose Up
-- A payment may be made by bank transfer, and its method may change while it waits for the customer.
ALTER TABLE payments
    ADD COLUMN provider text NOT NULL DEFAULT 'card',
    ADD COLUMN wanted_attempt integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT payments_provider CHECK (provider IN ('card', 'bank_transfer')),
    ADD CONSTRAINT payments_wanted_attempt CHECK (wanted_attempt > 0);
COMMENT ON COLUMN payments.provider       IS 'Who moves the money: card (Stripe) or bank_transfer (our own account).';
COMMENT ON COLUMN payments.wanted_attempt IS 'Number of the first authorization of the method that is wanted now. What an earlier one leads to is given back.';

CREATE TABLE bank_transfers (
    key        text        PRIMARY KEY,
    intent_id  text        NOT NULL,
    payment_id uuid        NOT NULL REFERENCES payments (id),
    kind       text        NOT NULL,
    amount     bigint      NOT NULL,
    refund_id  uuid,
    reference  text        NOT NULL DEFAULT '',
    actor_id   uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT bank_transfers_kind CHECK (kind IN ('expected', 'cancelled', 'received', 'returned')),
    CONSTRAINT bank_transfers_amount CHECK (amount > 0),
    CONSTRAINT bank_transfers_refund CHECK (refund_id IS NULL OR kind = 'returned')
);
COMMENT ON TABLE  bank_transfers            IS 'What is known of transfers to and from our bank account; append only. The second provider reads its answers from here.';
COMMENT ON COLUMN bank_transfers.key        IS 'The attempt''s key, or <intent>:received: whoever asks twice writes once.';
COMMENT ON COLUMN bank_transfers.intent_id  IS 'Names the transfer that was asked for: bt_<payment id>_<number of the authorization>.';
COMMENT ON COLUMN bank_transfers.payment_id IS 'The payment.';
COMMENT ON COLUMN bank_transfers.kind       IS 'expected: the customer was asked to transfer. cancelled: and need not any more. received: it came. returned: it, or a part, is to be sent back.';
COMMENT ON COLUMN bank_transfers.amount     IS 'Minor units of the payment''s currency.';
COMMENT ON COLUMN bank_transfers.refund_id  IS 'The refund that a return is for; null for other kinds.';
COMMENT ON COLUMN bank_transfers.reference  IS 'What the bank''s statement says of a received transfer; else empty.';
COMMENT ON COLUMN bank_transfers.actor_id   IS 'Who has marked it received; else null.';
COMMENT ON COLUMN bank_transfers.created_at IS 'When it was recorded.';
CREATE INDEX bank_transfers_intent_id ON bank_transfers (intent_id);
CREATE INDEX bank_transfers_payment_id ON bank_transfers (payment_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_transfers FOR EACH STATEMENT EXECUTE FUNCTION append_only();

INSERT INTO ledger_accounts (code, kind, name) VALUES
    ('bank_account', 'asset',     'Received on our bank account from customers'),
    ('refunds_due',  'liability', 'To be sent back to customers by bank transfer');

ALTER TABLE transactions
    DROP CONSTRAINT transactions_kind,
    ADD CONSTRAINT transactions_kind CHECK (kind IN
        ('unknown', 'action_required', 'method_changed', 'authorized', 'captured', 'released', 'voided', 'refunded', 'refund_failed', 'failed'));

-- What one customer has paid.
CREATE INDEX payments_user_id ON payments (user_id, id);

-- +goose Down
DELETE FROM ledger_accounts WHERE code IN ('bank_account', 'refunds_due');
DROP TABLE bank_transfers;
DROP INDEX payments_user_id;
ALTER TABLE payments DROP COLUMN provider, DROP COLUMN wanted_attempt;
