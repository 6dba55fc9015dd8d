-- +goose Up
CREATE TABLE stock (
    variant_id uuid        PRIMARY KEY,
    product_id uuid        NOT NULL,
    on_hand    bigint      NOT NULL,
    reserved   bigint      NOT NULL DEFAULT 0,
    version    bigint      NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL,
    CONSTRAINT stock_on_hand CHECK (on_hand BETWEEN 0 AND 1000000000),
    CONSTRAINT stock_reserved CHECK (reserved BETWEEN 0 AND on_hand),
    CONSTRAINT stock_version CHECK (version > 0)
) WITH (fillfactor = 70); -- room to update a row in its own page: reserved changes with every checkout
COMMENT ON TABLE  stock            IS 'What is in the warehouse, one row per variant. Available = on_hand − reserved.';
COMMENT ON COLUMN stock.variant_id IS 'The variant, as the product service names it.';
COMMENT ON COLUMN stock.product_id IS 'The product it belongs to, as an administrator said when setting the stock.';
COMMENT ON COLUMN stock.on_hand    IS 'Units that are physically there; equals the sum of the variant''s movements.';
COMMENT ON COLUMN stock.reserved   IS 'Units that held reservations promise to orders; never more than on_hand.';
COMMENT ON COLUMN stock.version    IS 'Counts the changes of on_hand, from 1. Reservations do not count, or a busy shop could never be restocked under If-Match.';
COMMENT ON COLUMN stock.updated_at IS 'When on_hand or reserved last changed.';
CREATE INDEX stock_product_id ON stock (product_id, variant_id);

CREATE TABLE reservations (
    order_id    uuid        PRIMARY KEY,
    status      text        NOT NULL,
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    released_at timestamptz,
    CONSTRAINT reservations_status CHECK (status IN ('held', 'released')),
    CONSTRAINT reservations_released_at CHECK ((status = 'released') = (released_at IS NOT NULL)),
    CONSTRAINT reservations_version CHECK (version > 0)
);
COMMENT ON TABLE  reservations             IS 'Stock promised to an order, one row per order. It does not expire: the order''s saga owns it.';
COMMENT ON COLUMN reservations.order_id    IS 'The order.';
COMMENT ON COLUMN reservations.status      IS 'held: its lines count in stock.reserved. released: they do not; one without lines is a tombstone that refuses a late attempt.';
COMMENT ON COLUMN reservations.version     IS 'Counts its states, from 1; the sequence of its events.';
COMMENT ON COLUMN reservations.created_at  IS 'When it was made.';
COMMENT ON COLUMN reservations.released_at IS 'When it was released; null while it is held.';
CREATE INDEX reservations_held ON reservations (order_id) INCLUDE (created_at) WHERE status = 'held';

CREATE TABLE reservation_lines (
    order_id   uuid   NOT NULL REFERENCES reservations (order_id),
    variant_id uuid   NOT NULL REFERENCES stock (variant_id),
    quantity   bigint NOT NULL,
    PRIMARY KEY (order_id, variant_id),
    CONSTRAINT reservation_lines_quantity CHECK (quantity > 0)
);
COMMENT ON TABLE  reservation_lines            IS 'What a reservation holds, or held. Never changed.';
COMMENT ON COLUMN reservation_lines.order_id   IS 'The order.';
COMMENT ON COLUMN reservation_lines.variant_id IS 'The variant.';
COMMENT ON COLUMN reservation_lines.quantity   IS 'Units.';
CREATE INDEX reservation_lines_variant_id ON reservation_lines (variant_id);

CREATE TABLE movements (
    id         uuid        PRIMARY KEY,
    variant_id uuid        NOT NULL REFERENCES stock (variant_id),
    kind       text        NOT NULL,
    quantity   bigint      NOT NULL,
    on_hand    bigint      NOT NULL,
    reason     text        NOT NULL,
    actor_id   uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT movements_kind CHECK (kind IN ('initial', 'set', 'adjust')),
    CONSTRAINT movements_quantity CHECK (quantity <> 0),
    CONSTRAINT movements_reason CHECK (length(reason) BETWEEN 1 AND 200)
);
COMMENT ON TABLE  movements            IS 'Every change of on_hand; append only. A reservation moves nothing.';
COMMENT ON COLUMN movements.id         IS 'Id of the movement; an adjustment that is sent twice carries the same.';
COMMENT ON COLUMN movements.variant_id IS 'The variant.';
COMMENT ON COLUMN movements.kind       IS 'initial: the first count. set: a later count. adjust: a difference with a reason.';
COMMENT ON COLUMN movements.quantity   IS 'Units that came (positive) or went (negative).';
COMMENT ON COLUMN movements.on_hand    IS 'Units on hand after it.';
COMMENT ON COLUMN movements.reason     IS 'Why, in words.';
COMMENT ON COLUMN movements.actor_id   IS 'The user who did it; null for the system.';
COMMENT ON COLUMN movements.created_at IS 'When.';
CREATE INDEX movements_variant_id ON movements (variant_id, created_at);

-- +goose Down
DROP TABLE movements;
DROP TABLE reservation_lines;
DROP TABLE reservations;
DROP TABLE stock;
