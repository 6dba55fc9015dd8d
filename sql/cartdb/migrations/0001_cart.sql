-- +goose Up
CREATE TABLE carts (
    id               uuid        PRIMARY KEY,
    user_id          uuid        UNIQUE,
    currency         text        NOT NULL DEFAULT 'EUR',
    country          text,
    shipping_option  text        NOT NULL DEFAULT 'standard',
    coupon           text,
    version          bigint      NOT NULL DEFAULT 1,
    reminded_version bigint      NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT carts_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT carts_country CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT carts_version CHECK (version > 0),
    CONSTRAINT carts_reminded_version CHECK (reminded_version BETWEEN 0 AND version)
);
COMMENT ON TABLE  carts                  IS 'One cart per customer, for as long as the account lives, and one per guest who has put something in.';
COMMENT ON COLUMN carts.id               IS 'Cart id, UUIDv7; a guest holds it in a signed token.';
COMMENT ON COLUMN carts.user_id          IS 'The customer; null for a guest.';
COMMENT ON COLUMN carts.currency         IS 'ISO 4217 code that the cart is priced in.';
COMMENT ON COLUMN carts.country          IS 'Where it would go, ISO 3166-1 alpha-2; null when nobody has said.';
COMMENT ON COLUMN carts.shipping_option  IS 'The chosen way of shipping, as the product service names it.';
COMMENT ON COLUMN carts.coupon           IS 'Code that the customer entered; null when none. It is checked anew at every reading and taken at checkout only.';
COMMENT ON COLUMN carts.version          IS 'Counts the changes of the cart and its lines; the ETag. An order names the version that it was made of.';
COMMENT ON COLUMN carts.reminded_version IS 'The version that a reminder was sent for; 0 when none.';
COMMENT ON COLUMN carts.created_at       IS 'When it was made.';
COMMENT ON COLUMN carts.updated_at       IS 'When it last changed.';
CREATE INDEX carts_idle ON carts (updated_at) WHERE user_id IS NOT NULL AND reminded_version < version;
CREATE INDEX carts_of_guests ON carts (updated_at) WHERE user_id IS NULL;

CREATE TABLE cart_lines (
    id         uuid        PRIMARY KEY,
    cart_id    uuid        NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    variant_id uuid        NOT NULL,
    quantity   bigint      NOT NULL,
    seen_price bigint,
    added_at   timestamptz NOT NULL,
    CONSTRAINT cart_lines_variant UNIQUE (cart_id, variant_id),
    CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 10000),
    CONSTRAINT cart_lines_seen_price CHECK (seen_price >= 0)
);
COMMENT ON TABLE  cart_lines            IS 'What is in a cart. Prices are asked for at every reading; none is kept but the one the customer saw.';
COMMENT ON COLUMN cart_lines.id         IS 'Line id, UUIDv7.';
COMMENT ON COLUMN cart_lines.cart_id    IS 'The cart.';
COMMENT ON COLUMN cart_lines.variant_id IS 'The variant, as the product service names it; once per cart.';
COMMENT ON COLUMN cart_lines.quantity   IS 'Pieces.';
COMMENT ON COLUMN cart_lines.seen_price IS 'Price of one when the customer last touched the line, in minor units of the cart''s currency; null when it was another currency.';
COMMENT ON COLUMN cart_lines.added_at   IS 'When it came into this cart; lines are shown in this order.';

CREATE TABLE saved_items (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    variant_id uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT saved_items_variant UNIQUE (user_id, variant_id)
);
COMMENT ON TABLE  saved_items            IS 'What customers put aside for later.';
COMMENT ON COLUMN saved_items.id         IS 'Id, UUIDv7.';
COMMENT ON COLUMN saved_items.user_id    IS 'The customer.';
COMMENT ON COLUMN saved_items.variant_id IS 'The variant; once per customer.';
COMMENT ON COLUMN saved_items.created_at IS 'When it was put aside.';
CREATE INDEX saved_items_of_user ON saved_items (user_id, id DESC);

CREATE TABLE coupons (
    code                  text        PRIMARY KEY,
    kind                  text        NOT NULL,
    basis_points          integer,
    amount                bigint,
    minimum               bigint,
    currency              text,
    starts_at             timestamptz,
    ends_at               timestamptz,
    max_uses              bigint,
    max_uses_per_customer bigint,
    uses                  bigint      NOT NULL DEFAULT 0,
    created_at            timestamptz NOT NULL,
    deleted_at            timestamptz,
    CONSTRAINT coupons_code CHECK (code ~ '^[A-Z0-9_-]{3,40}$'),
    CONSTRAINT coupons_kind CHECK ((kind = 'percent' AND basis_points BETWEEN 1 AND 10000 AND amount IS NULL)
                                OR (kind = 'fixed' AND amount > 0 AND basis_points IS NULL)),
    CONSTRAINT coupons_minimum CHECK (minimum > 0),
    CONSTRAINT coupons_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT coupons_money CHECK ((amount IS NULL AND minimum IS NULL) = (currency IS NULL)),
    CONSTRAINT coupons_window CHECK (ends_at > starts_at),
    CONSTRAINT coupons_max_uses CHECK (max_uses > 0),
    CONSTRAINT coupons_max_uses_per_customer CHECK (max_uses_per_customer > 0),
    CONSTRAINT coupons_uses CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses))
);
COMMENT ON TABLE  coupons                       IS 'Words that make an order cheaper. Never changed but for uses and deleted_at.';
COMMENT ON COLUMN coupons.code                  IS 'What the customer types, in capitals.';
COMMENT ON COLUMN coupons.kind                  IS 'percent: basis_points of the subtotal. fixed: amount.';
COMMENT ON COLUMN coupons.basis_points          IS 'Hundredths of a percent: 1000 is 10 %. Null when fixed.';
COMMENT ON COLUMN coupons.amount                IS 'What is taken off, in minor units of currency. Null when percent.';
COMMENT ON COLUMN coupons.minimum               IS 'Least subtotal, in minor units of currency; null when there is none.';
COMMENT ON COLUMN coupons.currency              IS 'ISO 4217 code of amount and minimum, and of the orders it is for; null when it holds in any.';
COMMENT ON COLUMN coupons.starts_at             IS 'From when it holds; null for ever since.';
COMMENT ON COLUMN coupons.ends_at               IS 'Until when, exclusively; null for ever.';
COMMENT ON COLUMN coupons.max_uses              IS 'Orders that may carry it altogether; null without limit.';
COMMENT ON COLUMN coupons.max_uses_per_customer IS 'Orders of one customer that may carry it; null without limit.';
COMMENT ON COLUMN coupons.uses                  IS 'Orders that carry it: redemptions that were not given back.';
COMMENT ON COLUMN coupons.created_at            IS 'When it was made.';
COMMENT ON COLUMN coupons.deleted_at            IS 'When it was withdrawn; the code stays taken, because orders carry it. Null while it can be used.';

CREATE TABLE coupon_customers (
    code    text   NOT NULL REFERENCES coupons (code),
    user_id uuid   NOT NULL,
    uses    bigint NOT NULL,
    PRIMARY KEY (code, user_id),
    CONSTRAINT coupon_customers_uses CHECK (uses >= 0)
);
COMMENT ON TABLE  coupon_customers         IS 'How often each customer has used a coupon.';
COMMENT ON COLUMN coupon_customers.code    IS 'The coupon.';
COMMENT ON COLUMN coupon_customers.user_id IS 'The customer.';
COMMENT ON COLUMN coupon_customers.uses    IS 'Orders of the customer that carry it.';

CREATE TABLE coupon_redemptions (
    order_id    uuid        PRIMARY KEY,
    code        text        REFERENCES coupons (code),
    user_id     uuid,
    discount    bigint,
    currency    text,
    status      text        NOT NULL,
    redeemed_at timestamptz,
    restored_at timestamptz,
    CONSTRAINT coupon_redemptions_status CHECK (status IN ('redeemed', 'restored')),
    CONSTRAINT coupon_redemptions_restored CHECK ((status = 'restored') = (restored_at IS NOT NULL)),
    CONSTRAINT coupon_redemptions_whole CHECK (num_nulls(code, user_id, discount, currency, redeemed_at) IN (0, 5)),
    CONSTRAINT coupon_redemptions_tombstone CHECK (code IS NOT NULL OR status = 'restored'),
    CONSTRAINT coupon_redemptions_discount CHECK (discount >= 0)
);
COMMENT ON TABLE  coupon_redemptions             IS 'The use of a coupon by an order, one row per order. It does not expire: the order''s saga owns it.';
COMMENT ON COLUMN coupon_redemptions.order_id    IS 'The order.';
COMMENT ON COLUMN coupon_redemptions.code        IS 'The coupon; null on a tombstone: the order''s release came first, and a late redemption is refused.';
COMMENT ON COLUMN coupon_redemptions.user_id     IS 'The customer; null on a tombstone.';
COMMENT ON COLUMN coupon_redemptions.discount    IS 'What the order was given, in minor units; null on a tombstone.';
COMMENT ON COLUMN coupon_redemptions.currency    IS 'ISO 4217 code of discount; null on a tombstone.';
COMMENT ON COLUMN coupon_redemptions.status      IS 'redeemed: it counts in uses. restored: it was given back.';
COMMENT ON COLUMN coupon_redemptions.redeemed_at IS 'When it was taken; null on a tombstone.';
COMMENT ON COLUMN coupon_redemptions.restored_at IS 'When it was given back; null while it is taken.';
CREATE INDEX coupon_redemptions_code ON coupon_redemptions (code) WHERE status = 'redeemed';

-- +goose Down
DROP TABLE coupon_redemptions;
DROP TABLE coupon_customers;
DROP TABLE coupons;
DROP TABLE saved_items;
DROP TABLE cart_lines;
DROP TABLE carts;
