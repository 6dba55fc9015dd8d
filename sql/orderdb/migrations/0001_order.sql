-- +goose Up

CREATE SEQUENCE order_numbers START 1000001;

CREATE TABLE orders (
    id                  uuid        PRIMARY KEY,
    number              bigint      NOT NULL UNIQUE DEFAULT nextval('order_numbers'),
    user_id             uuid        NOT NULL,
    status              text        NOT NULL CHECK (status IN ('pending', 'awaiting_payment', 'confirmed', 'rejected', 'cancelled')),
    payment_status      text        NOT NULL CHECK (payment_status IN ('none', 'requires_action', 'authorized', 'captured', 'voided', 'refunded')),
    payment_id          uuid,
    payment_method      text        NOT NULL,
    capture             text        NOT NULL CHECK (capture IN ('automatic', 'manual')),
    action_url          text,
    currency            text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal            bigint      NOT NULL CHECK (subtotal >= 0),
    discount            bigint      NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
    shipping            bigint      NOT NULL CHECK (shipping >= 0),
    tax                 bigint      NOT NULL CHECK (tax >= 0),
    total               bigint      NOT NULL CHECK (total > 0),
    shipping_option     text        NOT NULL,
    shipping_address    jsonb       NOT NULL,
    fault               text,
    reason              text,
    details             jsonb,
    cancel_requested_at timestamptz,
    needs_attention     text,
    operation           text        NOT NULL,
    idempotency_key     text        NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    fingerprint         bytea       NOT NULL,
    version             bigint      NOT NULL CHECK (version > 0),
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    confirmed_at        timestamptz,
    closed_at           timestamptz,
    CONSTRAINT orders_key UNIQUE (user_id, operation, idempotency_key),
    CONSTRAINT orders_total CHECK (total = subtotal - discount + shipping + tax),
    CONSTRAINT orders_confirmed CHECK (status <> 'confirmed' OR (confirmed_at IS NOT NULL AND payment_id IS NOT NULL)),
    CONSTRAINT orders_closed CHECK ((status IN ('rejected', 'cancelled')) = (closed_at IS NOT NULL)),
    CONSTRAINT orders_rejected CHECK (status <> 'rejected' OR (reason IS NOT NULL AND fault IS NOT NULL))
);
COMMENT ON TABLE  orders                     IS 'The projection of order_events: one row per order.';
COMMENT ON COLUMN orders.id                  IS 'Order id, UUIDv7.';
COMMENT ON COLUMN orders.number              IS 'What a customer reads aloud; shown as K-1000001. Gaps mean nothing.';
COMMENT ON COLUMN orders.user_id             IS 'The customer.';
COMMENT ON COLUMN orders.status              IS 'Where the order is in its life; see package kassa/activities/order.';
COMMENT ON COLUMN orders.payment_status      IS 'What the payment service last said; its own record is the truth.';
COMMENT ON COLUMN orders.payment_id          IS 'The payment, once there is one.';
COMMENT ON COLUMN orders.payment_method      IS 'The provider''s token for the means of payment. Never a card number.';
COMMENT ON COLUMN orders.capture             IS 'Whether the money is taken with the authorization or on shipment.';
COMMENT ON COLUMN orders.action_url          IS 'Where the customer proves to the bank who they are (3-D Secure), while awaiting payment.';
COMMENT ON COLUMN orders.currency            IS 'ISO 4217 code of every amount of the order.';
COMMENT ON COLUMN orders.subtotal            IS 'Sum of the lines, in minor units.';
COMMENT ON COLUMN orders.discount            IS 'What is taken off the subtotal, in minor units.';
COMMENT ON COLUMN orders.shipping            IS 'Price of shipping, in minor units.';
COMMENT ON COLUMN orders.tax                 IS 'Tax that comes on top, in minor units; 0 when prices include it.';
COMMENT ON COLUMN orders.total               IS 'What the customer pays, in minor units.';
COMMENT ON COLUMN orders.shipping_option     IS 'The chosen way of shipping.';
COMMENT ON COLUMN orders.shipping_address    IS 'Where it goes. Personal: it is in no event and no workflow.';
COMMENT ON COLUMN orders.fault               IS 'Code of the fault that rejected the order; null otherwise.';
COMMENT ON COLUMN orders.reason              IS 'Why it was rejected or cancelled: a stable word like out_of_stock.';
COMMENT ON COLUMN orders.details             IS 'What the client was told beside the reason: short lines, decline code.';
COMMENT ON COLUMN orders.cancel_requested_at IS 'When somebody asked to cancel; from then on the Cancel saga owns the order.';
COMMENT ON COLUMN orders.needs_attention     IS 'What its saga cannot get past by itself; null when nothing.';
COMMENT ON COLUMN orders.operation           IS 'Operation that placed it; part of the scope of the key.';
COMMENT ON COLUMN orders.idempotency_key     IS 'The client''s Idempotency-Key; kept as long as the order.';
COMMENT ON COLUMN orders.fingerprint         IS 'SHA-256 of the request; another request under the same key is refused.';
COMMENT ON COLUMN orders.version             IS 'Number of events so far.';
COMMENT ON COLUMN orders.created_at          IS 'When it was placed.';
COMMENT ON COLUMN orders.updated_at          IS 'When its last event happened.';
COMMENT ON COLUMN orders.confirmed_at        IS 'When it was confirmed.';
COMMENT ON COLUMN orders.closed_at           IS 'When it was rejected or cancelled.';
CREATE INDEX orders_of_user ON orders (user_id, id DESC);
CREATE INDEX orders_open ON orders (updated_at) WHERE status IN ('pending', 'awaiting_payment');
CREATE INDEX orders_cancelling ON orders (cancel_requested_at) WHERE cancel_requested_at IS NOT NULL AND closed_at IS NULL;

CREATE TABLE order_lines (
    order_id   uuid    NOT NULL REFERENCES orders (id),
    position   integer NOT NULL CHECK (position >= 0),
    id         uuid    NOT NULL UNIQUE,
    variant_id uuid    NOT NULL,
    product_id uuid    NOT NULL,
    sku        text    NOT NULL,
    name       text    NOT NULL,
    quantity   bigint  NOT NULL CHECK (quantity > 0),
    unit_price bigint  NOT NULL CHECK (unit_price >= 0),
    total      bigint  NOT NULL,
    PRIMARY KEY (order_id, position),
    CONSTRAINT order_lines_total CHECK (total = unit_price * quantity)
);
COMMENT ON TABLE  order_lines            IS 'What was ordered, at the price of that moment.';
COMMENT ON COLUMN order_lines.order_id   IS 'The order.';
COMMENT ON COLUMN order_lines.position   IS 'Place in the order, from 0.';
COMMENT ON COLUMN order_lines.id         IS 'Line id, UUIDv7.';
COMMENT ON COLUMN order_lines.variant_id IS 'The variant bought.';
COMMENT ON COLUMN order_lines.product_id IS 'Its product.';
COMMENT ON COLUMN order_lines.sku        IS 'Its stock keeping unit, as of then.';
COMMENT ON COLUMN order_lines.name       IS 'Its name, as of then.';
COMMENT ON COLUMN order_lines.quantity   IS 'Pieces.';
COMMENT ON COLUMN order_lines.unit_price IS 'Price of one, in minor units of the order''s currency.';
COMMENT ON COLUMN order_lines.total      IS 'unit_price × quantity.';

CREATE TABLE order_events (
    order_id uuid        NOT NULL REFERENCES orders (id),
    version  bigint      NOT NULL CHECK (version > 0),
    type     text        NOT NULL,
    data     jsonb       NOT NULL,
    actor    text        NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);
COMMENT ON TABLE  order_events          IS 'The truth about orders: append only, versions without gaps.';
COMMENT ON COLUMN order_events.order_id IS 'The order.';
COMMENT ON COLUMN order_events.version  IS 'Its version after the event, from 1.';
COMMENT ON COLUMN order_events.type     IS 'What happened, like order.confirmed.';
COMMENT ON COLUMN order_events.data     IS 'What changed: the fields of the projection.';
COMMENT ON COLUMN order_events.actor    IS 'Who did it: a user id, or saga.';
COMMENT ON COLUMN order_events.at       IS 'When it happened.';

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE ON order_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE customers (
    user_id uuid   PRIMARY KEY,
    name    text   NOT NULL,
    version bigint NOT NULL
);
COMMENT ON TABLE  customers         IS 'Replica of customers'' names, fed by the user service''s events.';
COMMENT ON COLUMN customers.user_id IS 'The customer.';
COMMENT ON COLUMN customers.name    IS 'Their name as the user service last told.';
COMMENT ON COLUMN customers.version IS 'Version of the user that the name belongs to.';

-- +goose Down
DROP TABLE customers;
DROP TABLE order_events;
DROP FUNCTION refuse_change();
DROP TABLE order_lines;
DROP TABLE orders;
DROP SEQUENCE order_numbers;
