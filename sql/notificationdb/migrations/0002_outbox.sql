-- +goose Up
-- The same in every service's database: see package kassa/internal/outbox.

CREATE TABLE outbox (
    id           uuid        PRIMARY KEY,
    position     bigint      GENERATED ALWAYS AS IDENTITY,
    type         text        NOT NULL,
    subject      text        NOT NULL,
    sequence     bigint      NOT NULL CHECK (sequence > 0),
    event        jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    published_at timestamptz
);
COMMENT ON TABLE  outbox              IS 'Events this service has made true, to be published and kept 14 days for replay.';
COMMENT ON COLUMN outbox.id           IS 'Event id, and the message id by which the broker drops repeats.';
COMMENT ON COLUMN outbox.position     IS 'Order of publication. Positions become visible out of order; never read "position > last".';
COMMENT ON COLUMN outbox.type         IS 'Event type, like order.confirmed.';
COMMENT ON COLUMN outbox.subject      IS 'Id of the aggregate the event is about.';
COMMENT ON COLUMN outbox.sequence     IS 'Version of the aggregate after the event.';
COMMENT ON COLUMN outbox.event        IS 'The whole CloudEvents document.';
COMMENT ON COLUMN outbox.created_at   IS 'When the event became true.';
COMMENT ON COLUMN outbox.published_at IS 'When the broker acknowledged it; null while it waits.';
CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_published_at ON outbox (published_at) WHERE published_at IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- NOTIFY makes the commits of the whole server wait for each other, so it
    -- is sent only to a relay that sleeps. One that is awake holds this lock
    -- (the ASCII of "outbox") and reads the table ten times a second.
    IF pg_try_advisory_xact_lock_shared(x'6f7574626f78'::bigint) THEN
        PERFORM pg_notify('outbox', '');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();

CREATE TABLE inbox (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    type       text        NOT NULL,
    subject    text        NOT NULL,
    sequence   bigint      NOT NULL,
    applied    boolean     NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
COMMENT ON TABLE  inbox            IS 'Events of other services that this one has taken in, once each.';
COMMENT ON COLUMN inbox.consumer   IS 'Name of the consumer in this service.';
COMMENT ON COLUMN inbox.event_id   IS 'Id of the event.';
COMMENT ON COLUMN inbox.type       IS 'Event type.';
COMMENT ON COLUMN inbox.subject    IS 'Id of the aggregate the event is about.';
COMMENT ON COLUMN inbox.sequence   IS 'Version of the aggregate after the event.';
COMMENT ON COLUMN inbox.applied    IS 'False when it was dropped because a newer event of the same subject had been applied.';
COMMENT ON COLUMN inbox.applied_at IS 'When it was taken in.';

CREATE TABLE inbox_heads (
    consumer text   NOT NULL,
    subject  text   NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (consumer, subject)
);
COMMENT ON TABLE  inbox_heads          IS 'The newest version of each subject that a consumer has applied.';
COMMENT ON COLUMN inbox_heads.consumer IS 'Name of the consumer in this service.';
COMMENT ON COLUMN inbox_heads.subject  IS 'Id of the aggregate.';
COMMENT ON COLUMN inbox_heads.sequence IS 'The newest version applied.';

-- +goose Down
DROP TABLE inbox_heads;
DROP TABLE inbox;
DROP TABLE outbox;
DROP FUNCTION notify_outbox();
