-- +goose Up
CREATE TABLE ledger_accounts (
    code text PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    CONSTRAINT ledger_accounts_kind CHECK (kind IN ('asset', 'liability'))
);
COMMENT ON TABLE  ledger_accounts      IS 'The chart of accounts. Each holds every currency, apart.';
COMMENT ON COLUMN ledger_accounts.code IS 'How postings name it.';
COMMENT ON COLUMN ledger_accounts.kind IS 'asset: grows by debit (positive postings). liability: grows by credit (negative ones).';
COMMENT ON COLUMN ledger_accounts.name IS 'What is in it.';
INSERT INTO ledger_accounts (code, kind, name) VALUES
    ('card_holds',         'asset',     'Held on customers'' cards, not taken (memorandum)'),
    ('hold_commitments',   'liability', 'What customers have committed by those holds (memorandum)'),
    ('provider_clearing',  'asset',     'Taken from cards and with the provider, less what was given back'),
    ('customer_orders',    'liability', 'Paid by customers towards their orders, less what was given back');

CREATE TABLE ledger_entries (
    id            uuid        PRIMARY KEY,
    payment_id    uuid        NOT NULL,
    version       bigint      NOT NULL,
    kind          text        NOT NULL,
    created_at    timestamptz NOT NULL,
    sequence      bigint,
    previous_hash bytea,
    hash          bytea,
    UNIQUE (payment_id, version),
    FOREIGN KEY (payment_id, version) REFERENCES transactions (payment_id, version),
    CONSTRAINT ledger_entries_sealed CHECK ((sequence IS NULL) = (hash IS NULL) AND (sequence IS NULL) = (previous_hash IS NULL) AND sequence > 0)
) WITH (fillfactor = 70); -- room to seal a row in its own page
COMMENT ON TABLE  ledger_entries               IS 'Movements of money, double entry: the postings of each sum to 0 per currency. Append only.';
COMMENT ON COLUMN ledger_entries.id            IS 'Id of the entry.';
COMMENT ON COLUMN ledger_entries.payment_id    IS 'The payment that moved.';
COMMENT ON COLUMN ledger_entries.version       IS 'Its version; with payment_id, the transaction that the entry books.';
COMMENT ON COLUMN ledger_entries.kind          IS 'Kind of that transaction.';
COMMENT ON COLUMN ledger_entries.created_at    IS 'When it was booked.';
COMMENT ON COLUMN ledger_entries.sequence      IS 'Place in the chain, from 1 without gaps; null until it is sealed, a moment after its transaction.';
COMMENT ON COLUMN ledger_entries.previous_hash IS 'Hash of the entry before it; 32 zero bytes for the first.';
COMMENT ON COLUMN ledger_entries.hash          IS 'ledger_hash of the entry.';
CREATE UNIQUE INDEX ledger_entries_sequence ON ledger_entries (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX ledger_entries_unsealed ON ledger_entries (id) WHERE sequence IS NULL;

CREATE TABLE ledger_postings (
    entry_id uuid     NOT NULL REFERENCES ledger_entries (id),
    line     smallint NOT NULL,
    account  text     NOT NULL REFERENCES ledger_accounts (code),
    amount   bigint   NOT NULL,
    currency text     NOT NULL,
    PRIMARY KEY (entry_id, line),
    CONSTRAINT ledger_postings_amount CHECK (amount <> 0),
    CONSTRAINT ledger_postings_currency CHECK (currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE  ledger_postings          IS 'The lines of the entries. Append only; all lines of an entry in one statement.';
COMMENT ON COLUMN ledger_postings.entry_id IS 'The entry.';
COMMENT ON COLUMN ledger_postings.line     IS 'Line of the entry, from 1.';
COMMENT ON COLUMN ledger_postings.account  IS 'The account.';
COMMENT ON COLUMN ledger_postings.amount   IS 'Minor units: positive debits the account, negative credits it.';
COMMENT ON COLUMN ledger_postings.currency IS 'ISO 4217 code.';

CREATE TABLE ledger_head (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    sequence bigint  NOT NULL,
    hash     bytea   NOT NULL
);
COMMENT ON TABLE  ledger_head          IS 'The end of the chain, one row: whoever seals locks it.';
COMMENT ON COLUMN ledger_head.single   IS 'Always true.';
COMMENT ON COLUMN ledger_head.sequence IS 'Sequence of the newest sealed entry; 0 when there is none.';
COMMENT ON COLUMN ledger_head.hash     IS 'Its hash; 32 zero bytes when there is none.';
INSERT INTO ledger_head (sequence, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE TABLE ledger_balances (
    account  text   NOT NULL REFERENCES ledger_accounts (code),
    currency text   NOT NULL,
    balance  bigint NOT NULL,
    PRIMARY KEY (account, currency)
);
COMMENT ON TABLE  ledger_balances          IS 'Sums of the postings of all sealed entries.';
COMMENT ON COLUMN ledger_balances.account  IS 'The account.';
COMMENT ON COLUMN ledger_balances.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN ledger_balances.balance  IS 'Minor units: debits less credits.';

-- +goose StatementBegin
CREATE FUNCTION ledger_text(e ledger_entries) RETURNS text LANGUAGE sql STABLE AS $$
    -- One line of text that holds all that an entry says.
    SELECT concat_ws('|', e.id, e.payment_id, e.version, e.kind, (extract(epoch FROM e.created_at) * 1000000)::bigint,
        (SELECT string_agg(concat_ws(':', p.line, p.account, p.amount, p.currency), ';' ORDER BY p.line)
         FROM ledger_postings p WHERE p.entry_id = e.id))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION ledger_link(previous bytea, place bigint, said text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    -- SHA-256 over the hash before it, the entry's place and its text.
    SELECT sha256(previous || convert_to(place || '|' || said, 'UTF8'))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION ledger_hash(previous bytea, place bigint, entry uuid) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT ledger_link(previous, place, ledger_text(e)) FROM ledger_entries e WHERE e.id = entry
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION seal_ledger(most integer) RETURNS integer LANGUAGE plpgsql AS $$
-- Gives the oldest unsealed entries, at most so many, their place in the chain and adds them to the
-- balances. Payments do not wait for it: see package kassa/activities/payment. Only the hashes are
-- made one by one; a statement for each entry would cost four times as much.
DECLARE
    head    ledger_head;
    entry   record;
    ids     uuid[]   := '{}';
    places  bigint[] := '{}';
    befores bytea[]  := '{}';
    hashes  bytea[]  := '{}';
BEGIN
    SELECT * INTO STRICT head FROM ledger_head FOR UPDATE;
    FOR entry IN SELECT e.id, ledger_text(e) AS said FROM ledger_entries e WHERE e.sequence IS NULL ORDER BY e.id LIMIT most LOOP
        ids := ids || entry.id;
        befores := befores || head.hash;
        head.sequence := head.sequence + 1;
        head.hash := ledger_link(head.hash, head.sequence, entry.said);
        places := places || head.sequence;
        hashes := hashes || head.hash;
    END LOOP;
    IF ids = '{}' THEN
        RETURN 0;
    END IF;
    UPDATE ledger_entries
    SET sequence = chain.place,
        previous_hash = chain.before,
        hash = chain.hash
    FROM unnest(ids, places, befores, hashes) AS chain (id, place, before, hash)
    WHERE ledger_entries.id = chain.id;
    INSERT INTO ledger_balances (account, currency, balance)
    SELECT p.account, p.currency, sum(p.amount)
    FROM ledger_postings p
    WHERE p.entry_id = ANY (ids)
    GROUP BY p.account, p.currency
    ORDER BY p.account, p.currency
    ON CONFLICT (account, currency) DO UPDATE SET balance = ledger_balances.balance + excluded.balance;
    UPDATE ledger_head SET sequence = head.sequence, hash = head.hash;
    RETURN cardinality(ids);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY entry_id, currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the postings of an entry must sum to 0 per currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_balanced AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_balanced();

-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION append_only();
-- Sealing is the one change of an entry, and happens once.
CREATE TRIGGER sealed_once BEFORE UPDATE ON ledger_entries FOR EACH ROW
    WHEN (old.sequence IS NOT NULL
          OR (new.id, new.payment_id, new.version, new.kind, new.created_at) IS DISTINCT FROM (old.id, old.payment_id, old.version, old.kind, old.created_at))
    EXECUTE FUNCTION append_only();

-- +goose Down
DROP FUNCTION ledger_text;
DROP TABLE ledger_balances, ledger_head, ledger_postings, ledger_entries, ledger_accounts;
DROP TRIGGER append_only ON transactions;
DROP FUNCTION seal_ledger, ledger_hash, ledger_link, ledger_balanced, append_only;
