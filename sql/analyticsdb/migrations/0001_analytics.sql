-- +goose Up
-- Facts only: what was told is written down, and reports add it up when they
-- are read. So it does not matter in which order the facts arrive.
CREATE TABLE sales (
    order_id     uuid        PRIMARY KEY,
    user_id      uuid,
    currency     text,
    total        bigint,
    placed_at    timestamptz,
    confirmed_at timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT sales_total CHECK (total >= 0),
    CONSTRAINT sales_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT sales_confirmed CHECK (confirmed_at IS NULL OR (total IS NOT NULL AND currency IS NOT NULL))
);
COMMENT ON TABLE  sales              IS 'What the order service has told of an order.';
COMMENT ON COLUMN sales.order_id     IS 'The order.';
COMMENT ON COLUMN sales.user_id      IS 'Who ordered; null once that account was erased.';
COMMENT ON COLUMN sales.currency     IS 'ISO 4217 code of total; null while only the cancellation has been told.';
COMMENT ON COLUMN sales.total        IS 'What the order costs, in minor units.';
COMMENT ON COLUMN sales.placed_at    IS 'When the checkout began; null while that has not been told.';
COMMENT ON COLUMN sales.confirmed_at IS 'When the order was confirmed: its total counts as revenue of that day. Null: not yet, or never.';
COMMENT ON COLUMN sales.cancelled_at IS 'When it was cancelled: what was not given back before counts against that day. Null: it was not.';
CREATE INDEX sales_confirmed_at ON sales (confirmed_at) WHERE confirmed_at IS NOT NULL;
CREATE INDEX sales_cancelled_at ON sales (cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX sales_placed_at ON sales (placed_at);
CREATE INDEX sales_user_id ON sales (user_id);

CREATE TABLE sale_lines (
    order_id   uuid   NOT NULL REFERENCES sales (order_id),
    variant_id uuid   NOT NULL,
    product_id uuid   NOT NULL,
    quantity   bigint NOT NULL,
    total      bigint NOT NULL,
    PRIMARY KEY (order_id, variant_id),
    CONSTRAINT sale_lines_quantity CHECK (quantity > 0),
    CONSTRAINT sale_lines_total CHECK (total >= 0)
);
COMMENT ON TABLE  sale_lines            IS 'What was bought with a confirmed order. Never changed.';
COMMENT ON COLUMN sale_lines.order_id   IS 'The order.';
COMMENT ON COLUMN sale_lines.variant_id IS 'The variant.';
COMMENT ON COLUMN sale_lines.product_id IS 'Its product.';
COMMENT ON COLUMN sale_lines.quantity   IS 'Pieces.';
COMMENT ON COLUMN sale_lines.total      IS 'What they cost together, in minor units of the order''s currency, before the order''s discount.';
CREATE INDEX sale_lines_product_id ON sale_lines (product_id, order_id);

CREATE TABLE refunds (
    id          uuid        PRIMARY KEY,
    order_id    uuid        NOT NULL,
    currency    text        NOT NULL,
    amount      bigint      NOT NULL,
    refunded_at timestamptz NOT NULL,
    CONSTRAINT refunds_amount CHECK (amount > 0)
);
COMMENT ON TABLE  refunds             IS 'Money that was given back for an order. Never changed.';
COMMENT ON COLUMN refunds.id          IS 'Id of the refund.';
COMMENT ON COLUMN refunds.order_id    IS 'The order, which may not have been told yet.';
COMMENT ON COLUMN refunds.currency    IS 'ISO 4217 code.';
COMMENT ON COLUMN refunds.amount      IS 'In minor units.';
COMMENT ON COLUMN refunds.refunded_at IS 'When: it counts against the revenue of that day.';
CREATE INDEX refunds_order_id ON refunds (order_id);
CREATE INDEX refunds_refunded_at ON refunds (refunded_at);

CREATE TABLE behaviour (
    id          uuid        PRIMARY KEY,
    kind        text        NOT NULL,
    visitor_id  uuid        NOT NULL,
    user_id     uuid,
    product_id  uuid,
    query       text,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT behaviour_kind CHECK (kind IN ('product_viewed', 'searched', 'added_to_cart', 'checkout_begun')),
    CONSTRAINT behaviour_query CHECK (length(query) BETWEEN 1 AND 100)
);
COMMENT ON TABLE  behaviour             IS 'What visitors did in the shop, as its pages tell it; kept 90 days.';
COMMENT ON COLUMN behaviour.id          IS 'Id that the page gave it; sent again, it counts once.';
COMMENT ON COLUMN behaviour.kind        IS 'What was done.';
COMMENT ON COLUMN behaviour.visitor_id  IS 'The user who was signed in, or the anonymous id that the page made up.';
COMMENT ON COLUMN behaviour.user_id     IS 'The user who was signed in, or null.';
COMMENT ON COLUMN behaviour.product_id  IS 'The product it is about, or null.';
COMMENT ON COLUMN behaviour.query       IS 'What was searched for, in lower case; null when not a search, or when it looked like an address.';
COMMENT ON COLUMN behaviour.occurred_at IS 'When it happened, as the page tells it, and never after received_at.';
COMMENT ON COLUMN behaviour.received_at IS 'When it was told.';
CREATE INDEX behaviour_occurred_at ON behaviour (occurred_at);
CREATE INDEX behaviour_visitor_id ON behaviour (visitor_id, occurred_at);

CREATE TABLE visits (
    day        date     NOT NULL,
    visitor_id uuid     NOT NULL,
    step       smallint NOT NULL,
    PRIMARY KEY (day, visitor_id),
    CONSTRAINT visits_step CHECK (step BETWEEN 0 AND 3)
);
COMMENT ON TABLE  visits            IS 'How far a visitor came on a day, kept longer than what led there.';
COMMENT ON COLUMN visits.day        IS 'UTC.';
COMMENT ON COLUMN visits.visitor_id IS 'As in behaviour.';
COMMENT ON COLUMN visits.step       IS '0: looked around. 1: viewed a product. 2: put something into the cart. 3: began a checkout.';
CREATE INDEX visits_visitor_id ON visits (visitor_id);

CREATE TABLE visitors (
    anonymous_id uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    known_at     timestamptz NOT NULL
);
COMMENT ON TABLE  visitors              IS 'Anonymous visitors who signed in.';
COMMENT ON COLUMN visitors.anonymous_id IS 'The anonymous id.';
COMMENT ON COLUMN visitors.user_id      IS 'The first user who came with it.';
COMMENT ON COLUMN visitors.known_at     IS 'Since when that is known.';
CREATE INDEX visitors_user_id ON visitors (user_id);

CREATE TABLE forgotten (
    user_id      uuid        PRIMARY KEY,
    forgotten_at timestamptz NOT NULL
);
COMMENT ON TABLE  forgotten              IS 'Tombstones of erased accounts: what is told of them later is not linked to them.';
COMMENT ON COLUMN forgotten.user_id      IS 'The account that was.';
COMMENT ON COLUMN forgotten.forgotten_at IS 'When it was forgotten.';

CREATE TABLE catalogue (
    product_id uuid    PRIMARY KEY,
    on_sale    boolean NOT NULL
);
COMMENT ON TABLE  catalogue            IS 'What the product service tells of its products, so that nothing is recommended that cannot be bought.';
COMMENT ON COLUMN catalogue.product_id IS 'The product. One that is missing here counts as on sale.';
COMMENT ON COLUMN catalogue.on_sale    IS 'Whether it is active.';

-- +goose Down
DROP TABLE catalogue;
DROP TABLE forgotten;
DROP TABLE visitors;
DROP TABLE visits;
DROP TABLE behaviour;
DROP TABLE refunds;
DROP TABLE sale_lines;
DROP TABLE sales;
