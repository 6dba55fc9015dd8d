-- +goose Up
-- An order's whole life: carts and coupons it comes from, review and hold before it is
-- confirmed; shipments, refunds and returns after.

ALTER TABLE orders
    DROP CONSTRAINT orders_status_check,
    DROP CONSTRAINT orders_payment_status_check,
    DROP CONSTRAINT orders_confirmed,
    ADD COLUMN fulfilment            text    NOT NULL DEFAULT 'none' CHECK (fulfilment IN ('none', 'preparing', 'partial', 'shipped', 'delivered')),
    ADD COLUMN refunded              bigint  NOT NULL DEFAULT 0,
    ADD COLUMN cart_id               uuid,
    ADD COLUMN cart_version          bigint,
    ADD COLUMN coupon                text,
    ADD COLUMN review_seconds        bigint  NOT NULL DEFAULT 0 CHECK (review_seconds >= 0),
    ADD COLUMN held_from             text,
    ADD COLUMN tax_included          bigint  NOT NULL DEFAULT 0 CHECK (tax_included >= 0),
    ADD COLUMN tax_rate_basis_points bigint  NOT NULL DEFAULT 0 CHECK (tax_rate_basis_points >= 0),
    ADD COLUMN forgotten_at          timestamptz,
    ADD CONSTRAINT orders_status_check CHECK (status IN ('pending', 'awaiting_payment', 'in_review', 'held', 'confirmed', 'partially_shipped', 'shipped',
        'delivered', 'partially_refunded', 'refunded', 'returned', 'rejected', 'cancelled')),
    ADD CONSTRAINT orders_payment_status_check CHECK (payment_status IN ('none', 'requires_action', 'authorized', 'partially_captured', 'captured',
        'partially_refunded', 'voided', 'refunded')),
    ADD CONSTRAINT orders_confirmed CHECK (status IN ('pending', 'awaiting_payment', 'in_review', 'held', 'rejected')
        OR (confirmed_at IS NOT NULL AND payment_id IS NOT NULL)),
    ADD CONSTRAINT orders_refunded CHECK (refunded BETWEEN 0 AND total),
    ADD CONSTRAINT orders_held CHECK ((status = 'held') = (held_from IS NOT NULL)),
    ADD CONSTRAINT orders_cart CHECK ((cart_id IS NULL) = (cart_version IS NULL));
COMMENT ON COLUMN orders.fulfilment            IS 'How far its goods are: none, preparing (a first shipment is under way), partial, shipped, delivered.';
COMMENT ON COLUMN orders.refunded              IS 'What was given back after it was confirmed, in minor units; a cancellation does not count.';
COMMENT ON COLUMN orders.cart_id               IS 'The cart it was ordered from; null when its lines came with the request.';
COMMENT ON COLUMN orders.cart_version          IS 'The version of that cart.';
COMMENT ON COLUMN orders.coupon                IS 'The coupon that the discount comes from; null without one.';
COMMENT ON COLUMN orders.review_seconds        IS 'How long somebody has to approve it before it is confirmed, in seconds; 0 when nobody must.';
COMMENT ON COLUMN orders.held_from             IS 'The status it goes back to when it is resumed; null unless it is held.';
COMMENT ON COLUMN orders.tax_included          IS 'Tax contained in the prices, in minor units, for information.';
COMMENT ON COLUMN orders.tax_rate_basis_points IS 'Rate of tax or tax_included, in hundredths of a percent.';
COMMENT ON COLUMN orders.forgotten_at          IS 'When its customer was forgotten: the address is gone since.';
-- A cart version makes one order that is not closed: a cart in two tabs is ordered once.
CREATE UNIQUE INDEX orders_of_cart ON orders (cart_id, cart_version) WHERE cart_id IS NOT NULL AND closed_at IS NULL;
DROP INDEX orders_open;
CREATE INDEX orders_open ON orders (updated_at) WHERE status IN ('pending', 'awaiting_payment', 'in_review', 'held');

CREATE TABLE shipments (
    id           uuid        PRIMARY KEY,
    order_id     uuid        NOT NULL REFERENCES orders (id),
    status       text        NOT NULL CHECK (status IN ('preparing', 'shipped', 'delivered', 'failed')),
    carrier      text        NOT NULL,
    tracking     text        NOT NULL,
    capture      bigint      NOT NULL CHECK (capture >= 0),
    final        boolean     NOT NULL,
    reason       text,
    actor        text        NOT NULL,
    created_at   timestamptz NOT NULL,
    shipped_at   timestamptz,
    delivered_at timestamptz,
    CONSTRAINT shipments_shipped CHECK ((status IN ('shipped', 'delivered')) = (shipped_at IS NOT NULL)),
    CONSTRAINT shipments_delivered CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);
COMMENT ON TABLE  shipments              IS 'Parcels: some of an order''s goods on their way.';
COMMENT ON COLUMN shipments.id           IS 'Shipment id; its saga is fulfil/<id>.';
COMMENT ON COLUMN shipments.order_id     IS 'The order.';
COMMENT ON COLUMN shipments.status       IS 'preparing: its saga is at work. failed: it never left, see reason.';
COMMENT ON COLUMN shipments.carrier      IS 'Who carries it.';
COMMENT ON COLUMN shipments.tracking     IS 'The carrier''s tracking number; empty when there is none.';
COMMENT ON COLUMN shipments.capture      IS 'What is taken with it when the order''s payment is only authorized, in minor units; 0 otherwise.';
COMMENT ON COLUMN shipments.final        IS 'Whether nothing remains to be shipped after it.';
COMMENT ON COLUMN shipments.reason       IS 'Why it failed: a stable word.';
COMMENT ON COLUMN shipments.actor        IS 'User id of who asked for it.';
COMMENT ON COLUMN shipments.created_at   IS 'When it was asked for.';
COMMENT ON COLUMN shipments.shipped_at   IS 'When it left.';
COMMENT ON COLUMN shipments.delivered_at IS 'When it arrived.';
CREATE INDEX shipments_of_order ON shipments (order_id, created_at);
CREATE INDEX shipments_tracking ON shipments (tracking) WHERE tracking <> '';
CREATE INDEX shipments_preparing ON shipments (created_at) WHERE status = 'preparing';

CREATE TABLE shipment_lines (
    shipment_id uuid   NOT NULL REFERENCES shipments (id),
    line_id     uuid   NOT NULL REFERENCES order_lines (id),
    quantity    bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, line_id)
);
COMMENT ON TABLE  shipment_lines             IS 'What a shipment holds.';
COMMENT ON COLUMN shipment_lines.shipment_id IS 'The shipment.';
COMMENT ON COLUMN shipment_lines.line_id     IS 'The order''s line.';
COMMENT ON COLUMN shipment_lines.quantity    IS 'Pieces.';

CREATE TABLE returns (
    id           uuid        PRIMARY KEY,
    order_id     uuid        NOT NULL REFERENCES orders (id),
    status       text        NOT NULL CHECK (status IN ('requested', 'approved', 'received', 'rejected', 'completed')),
    reason       text        NOT NULL,
    note         text,
    restock      boolean     NOT NULL,
    actor        text        NOT NULL,
    version      bigint      NOT NULL CHECK (version > 0),
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    completed_at timestamptz
);
COMMENT ON TABLE  returns              IS 'Goods that come back.';
COMMENT ON COLUMN returns.id           IS 'Return id; its saga is return/<id>, and its refund has the same id.';
COMMENT ON COLUMN returns.order_id     IS 'The order.';
COMMENT ON COLUMN returns.status       IS 'requested, approved, received (the money goes back next), completed; or rejected.';
COMMENT ON COLUMN returns.reason       IS 'The customer''s own words; told to no other service.';
COMMENT ON COLUMN returns.note         IS 'What support wrote when deciding.';
COMMENT ON COLUMN returns.restock      IS 'Whether the goods can be sold again.';
COMMENT ON COLUMN returns.actor        IS 'User id of who asked for it.';
COMMENT ON COLUMN returns.version      IS 'Number of changes, from 1; the ETag.';
COMMENT ON COLUMN returns.created_at   IS 'When it was asked for.';
COMMENT ON COLUMN returns.updated_at   IS 'When it last changed.';
COMMENT ON COLUMN returns.completed_at IS 'When it was completed or rejected.';
CREATE INDEX returns_of_order ON returns (order_id, created_at);

CREATE TABLE return_lines (
    return_id uuid   NOT NULL REFERENCES returns (id),
    line_id   uuid   NOT NULL REFERENCES order_lines (id),
    quantity  bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, line_id)
);
COMMENT ON TABLE  return_lines           IS 'What comes back.';
COMMENT ON COLUMN return_lines.return_id IS 'The return.';
COMMENT ON COLUMN return_lines.line_id   IS 'The order''s line.';
COMMENT ON COLUMN return_lines.quantity  IS 'Pieces.';

CREATE TABLE refunds (
    id           uuid        PRIMARY KEY,
    order_id     uuid        NOT NULL REFERENCES orders (id),
    status       text        NOT NULL CHECK (status IN ('requested', 'succeeded', 'failed')),
    amount       bigint      NOT NULL CHECK (amount > 0),
    allocation   jsonb       NOT NULL,
    words        text        NOT NULL,
    reason       text,
    actor        text        NOT NULL,
    created_at   timestamptz NOT NULL,
    completed_at timestamptz,
    CONSTRAINT refunds_completed CHECK ((status = 'requested') = (completed_at IS NULL))
);
COMMENT ON TABLE  refunds              IS 'Money given back after an order was confirmed.';
COMMENT ON COLUMN refunds.id           IS 'Refund id; its saga is refund/<id> or the return of the same id.';
COMMENT ON COLUMN refunds.order_id     IS 'The order.';
COMMENT ON COLUMN refunds.status       IS 'requested: its saga is at work. failed: nothing was given back, see reason.';
COMMENT ON COLUMN refunds.amount       IS 'What goes back, in minor units of the order''s currency.';
COMMENT ON COLUMN refunds.allocation   IS 'What of the amount is for which line (with pieces when pieces were refunded), for shipping and for tax.';
COMMENT ON COLUMN refunds.words        IS 'Why, in the words of who asked for it; told to no other service.';
COMMENT ON COLUMN refunds.reason       IS 'Why it failed: a stable word.';
COMMENT ON COLUMN refunds.actor        IS 'User id of who asked for it.';
COMMENT ON COLUMN refunds.created_at   IS 'When it was asked for.';
COMMENT ON COLUMN refunds.completed_at IS 'When it succeeded or failed.';
CREATE INDEX refunds_of_order ON refunds (order_id, created_at);
CREATE INDEX refunds_requested ON refunds (created_at) WHERE status = 'requested';

CREATE TABLE interventions (
    id       uuid        PRIMARY KEY,
    order_id uuid        NOT NULL REFERENCES orders (id),
    kind     text        NOT NULL CHECK (kind IN ('hold', 'resume', 'retry', 'approve', 'reject', 'force_cancel')),
    reason   text        NOT NULL,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL
);
COMMENT ON TABLE  interventions          IS 'What operators asked of the sagas of orders; their words stay here, out of workflows and events.';
COMMENT ON COLUMN interventions.id       IS 'Id that the saga is given.';
COMMENT ON COLUMN interventions.order_id IS 'The order.';
COMMENT ON COLUMN interventions.kind     IS 'What was asked for.';
COMMENT ON COLUMN interventions.reason   IS 'Why, in the operator''s words.';
COMMENT ON COLUMN interventions.actor    IS 'User id of the operator.';
COMMENT ON COLUMN interventions.at       IS 'When.';

-- +goose Down
DROP TABLE interventions;
DROP TABLE refunds;
DROP TABLE return_lines;
DROP TABLE returns;
DROP TABLE shipment_lines;
DROP TABLE shipments;
DROP INDEX orders_open;
CREATE INDEX orders_open ON orders (updated_at) WHERE status IN ('pending', 'awaiting_payment');
DROP INDEX orders_of_cart;
ALTER TABLE orders
    DROP CONSTRAINT orders_cart, DROP CONSTRAINT orders_held, DROP CONSTRAINT orders_refunded,
    DROP CONSTRAINT orders_confirmed, DROP CONSTRAINT orders_payment_status_check, DROP CONSTRAINT orders_status_check,
    DROP COLUMN forgotten_at, DROP COLUMN tax_rate_basis_points, DROP COLUMN tax_included, DROP COLUMN held_from, DROP COLUMN review_seconds,
    DROP COLUMN coupon, DROP COLUMN cart_version, DROP COLUMN cart_id, DROP COLUMN refunded, DROP COLUMN fulfilment,
    ADD CONSTRAINT orders_status_check CHECK (status IN ('pending', 'awaiting_payment', 'confirmed', 'rejected', 'cancelled')),
    ADD CONSTRAINT orders_payment_status_check CHECK (payment_status IN ('none', 'requires_action', 'authorized', 'captured', 'voided', 'refunded')),
    ADD CONSTRAINT orders_confirmed CHECK (status <> 'confirmed' OR (confirmed_at IS NOT NULL AND payment_id IS NOT NULL));
