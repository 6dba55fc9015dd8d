-- +goose Up
-- What leaves the warehouse, what comes back, reservations by hand, and how low
-- a stock may fall before somebody is told.

ALTER TABLE stock
    ADD COLUMN low_at bigint,
    ADD COLUMN told   text NOT NULL DEFAULT 'in',
    ADD CONSTRAINT stock_low_at CHECK (low_at BETWEEN 1 AND 1000000000),
    ADD CONSTRAINT stock_told CHECK (told IN ('in', 'low', 'out'));
COMMENT ON COLUMN stock.low_at  IS 'Available units from which on downwards the stock counts as low; null when only none counts.';
COMMENT ON COLUMN stock.told    IS 'What was last told of the available units. in: enough. low: no more than low_at. out: none.';
COMMENT ON COLUMN stock.version IS 'Counts the changes of on_hand, and of told, from 1: the sequence of the variant''s events. Reservations do not count, or a busy shop could never be restocked under If-Match.';

ALTER TABLE reservations
    DROP CONSTRAINT reservations_status,
    ADD COLUMN holder     text NOT NULL DEFAULT 'order',
    ADD COLUMN reason     text,
    ADD COLUMN actor_id   uuid,
    ADD COLUMN shipped_at timestamptz,
    ADD CONSTRAINT reservations_status CHECK (status IN ('held', 'shipped', 'released')),
    ADD CONSTRAINT reservations_shipped_at CHECK ((status = 'shipped') = (shipped_at IS NOT NULL)),
    ADD CONSTRAINT reservations_holder CHECK (holder IN ('order', 'hand')),
    ADD CONSTRAINT reservations_reason CHECK (length(reason) BETWEEN 1 AND 200);
COMMENT ON COLUMN reservations.order_id   IS 'The order, or the id of a reservation by hand.';
COMMENT ON COLUMN reservations.status     IS 'held: what of its lines has not shipped counts in stock.reserved. shipped: all of it has left. released: what had not shipped was given back; one without lines is a tombstone that refuses a late attempt.';
COMMENT ON COLUMN reservations.holder     IS 'order: an order''s saga owns it. hand: an administrator does.';
COMMENT ON COLUMN reservations.reason     IS 'Why it was made by hand, in words; null for an order''s.';
COMMENT ON COLUMN reservations.actor_id   IS 'Who made it by hand; null for an order''s.';
COMMENT ON COLUMN reservations.shipped_at IS 'When the last of it left; null before.';

ALTER TABLE reservation_lines
    ADD COLUMN shipped  bigint NOT NULL DEFAULT 0,
    ADD COLUMN returned bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT reservation_lines_shipped CHECK (shipped BETWEEN 0 AND quantity),
    ADD CONSTRAINT reservation_lines_returned CHECK (returned BETWEEN 0 AND shipped);
COMMENT ON TABLE  reservation_lines          IS 'What a reservation holds, or held. Only shipped and returned change, and only upwards.';
COMMENT ON COLUMN reservation_lines.quantity IS 'Units that were promised.';
COMMENT ON COLUMN reservation_lines.shipped  IS 'Units of these that have left the warehouse.';
COMMENT ON COLUMN reservation_lines.returned IS 'Units of those that have come back to be sold again.';

CREATE TABLE shipments (
    id         uuid        PRIMARY KEY,
    order_id   uuid        NOT NULL REFERENCES reservations (order_id),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE  shipments            IS 'Parcels that left the warehouse.';
COMMENT ON COLUMN shipments.id         IS 'The shipment, as the order service names it; one that is sent twice carries the same.';
COMMENT ON COLUMN shipments.order_id   IS 'The order.';
COMMENT ON COLUMN shipments.created_at IS 'When it left.';
CREATE INDEX shipments_order_id ON shipments (order_id);

CREATE TABLE shipment_lines (
    shipment_id uuid   NOT NULL REFERENCES shipments (id),
    variant_id  uuid   NOT NULL,
    quantity    bigint NOT NULL,
    PRIMARY KEY (shipment_id, variant_id),
    CONSTRAINT shipment_lines_quantity CHECK (quantity > 0)
);
COMMENT ON TABLE  shipment_lines             IS 'What was in a shipment. Never changed.';
COMMENT ON COLUMN shipment_lines.shipment_id IS 'The shipment.';
COMMENT ON COLUMN shipment_lines.variant_id  IS 'The variant.';
COMMENT ON COLUMN shipment_lines.quantity    IS 'Units.';

CREATE TABLE returns (
    id         uuid        PRIMARY KEY,
    order_id   uuid        NOT NULL REFERENCES reservations (order_id),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE  returns            IS 'Goods that came back to be sold again.';
COMMENT ON COLUMN returns.id         IS 'The return, as the order service names it; one that is sent twice carries the same.';
COMMENT ON COLUMN returns.order_id   IS 'The order that they had been sold by.';
COMMENT ON COLUMN returns.created_at IS 'When they were put back.';
CREATE INDEX returns_order_id ON returns (order_id);

CREATE TABLE return_lines (
    return_id  uuid   NOT NULL REFERENCES returns (id),
    variant_id uuid   NOT NULL,
    quantity   bigint NOT NULL,
    PRIMARY KEY (return_id, variant_id),
    CONSTRAINT return_lines_quantity CHECK (quantity > 0)
);
COMMENT ON TABLE  return_lines            IS 'What was in a return. Never changed.';
COMMENT ON COLUMN return_lines.return_id  IS 'The return.';
COMMENT ON COLUMN return_lines.variant_id IS 'The variant.';
COMMENT ON COLUMN return_lines.quantity   IS 'Units.';

ALTER TABLE movements
    DROP CONSTRAINT movements_kind,
    ADD COLUMN order_id uuid,
    ADD COLUMN cause_id uuid,
    ADD CONSTRAINT movements_kind CHECK (kind IN ('initial', 'set', 'adjust', 'sold', 'return')),
    ADD CONSTRAINT movements_order CHECK ((kind IN ('sold', 'return')) = (order_id IS NOT NULL AND cause_id IS NOT NULL)),
    ADD CONSTRAINT movements_sign CHECK (CASE kind WHEN 'sold' THEN quantity < 0 WHEN 'return' THEN quantity > 0 ELSE true END);
COMMENT ON COLUMN movements.kind     IS 'initial: the first count. set: a later count. adjust: a difference with a reason. sold: it left for an order. return: it came back from one.';
COMMENT ON COLUMN movements.order_id IS 'The order of what was sold or returned; null otherwise.';
COMMENT ON COLUMN movements.cause_id IS 'The shipment or the return; null otherwise.';
CREATE INDEX movements_of_variant ON movements (variant_id, created_at, id);
DROP INDEX movements_variant_id;

-- +goose Down
CREATE INDEX movements_variant_id ON movements (variant_id, created_at);
DROP INDEX movements_of_variant;
DELETE FROM movements WHERE kind IN ('sold', 'return');
ALTER TABLE movements
    DROP CONSTRAINT movements_sign,
    DROP CONSTRAINT movements_order,
    DROP CONSTRAINT movements_kind,
    DROP COLUMN cause_id,
    DROP COLUMN order_id,
    ADD CONSTRAINT movements_kind CHECK (kind IN ('initial', 'set', 'adjust'));
DROP TABLE return_lines;
DROP TABLE returns;
DROP TABLE shipment_lines;
DROP TABLE shipments;
ALTER TABLE reservation_lines
    DROP COLUMN returned,
    DROP COLUMN shipped;
UPDATE reservations SET status = 'released', released_at = shipped_at, shipped_at = NULL WHERE status = 'shipped';
ALTER TABLE reservations
    DROP CONSTRAINT reservations_status,
    DROP COLUMN shipped_at,
    DROP COLUMN actor_id,
    DROP COLUMN reason,
    DROP COLUMN holder,
    ADD CONSTRAINT reservations_status CHECK (status IN ('held', 'released'));
ALTER TABLE stock
    DROP COLUMN told,
    DROP COLUMN low_at;
