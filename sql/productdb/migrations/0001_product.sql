-- +goose Up
CREATE TABLE products (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    status      text        NOT NULL,
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT products_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT products_description CHECK (length(description) <= 10000),
    CONSTRAINT products_status CHECK (status IN ('draft', 'active', 'archived')),
    CONSTRAINT products_version CHECK (version > 0)
);
COMMENT ON TABLE  products             IS 'What the shop shows. What it sells are the variants.';
COMMENT ON COLUMN products.id          IS 'Product id, version 7: sorts by the time it was made.';
COMMENT ON COLUMN products.name        IS 'Name shown to customers.';
COMMENT ON COLUMN products.description IS 'Text shown to customers; empty when there is none.';
COMMENT ON COLUMN products.status      IS 'draft: not yet shown. active: shown and sold. archived: no longer.';
COMMENT ON COLUMN products.version     IS 'Counts the changes of the product, its variants and prices, from 1; its ETag and the sequence of its events.';
COMMENT ON COLUMN products.created_at  IS 'When it was made.';
COMMENT ON COLUMN products.updated_at  IS 'When it last changed.';
CREATE INDEX products_status ON products (status, id);

CREATE TABLE variants (
    id         uuid    PRIMARY KEY,
    product_id uuid    NOT NULL REFERENCES products (id),
    position   integer NOT NULL,
    sku        text    NOT NULL,
    name       text    NOT NULL DEFAULT '',
    CONSTRAINT variants_sku UNIQUE (sku),
    CONSTRAINT variants_position UNIQUE (product_id, position),
    CONSTRAINT variants_sku_form CHECK (sku ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    CONSTRAINT variants_name CHECK (length(name) <= 200)
);
COMMENT ON TABLE  variants            IS 'What can be bought. A product without options is its own only variant: variants.id = products.id.';
COMMENT ON COLUMN variants.id         IS 'Variant id, the one that stock and order lines name.';
COMMENT ON COLUMN variants.product_id IS 'The product it belongs to.';
COMMENT ON COLUMN variants.position   IS 'Its place among the product''s variants, from 0.';
COMMENT ON COLUMN variants.sku        IS 'Stock keeping unit, unique in the shop.';
COMMENT ON COLUMN variants.name       IS 'What tells it from its siblings, like "red, 42"; empty for an only variant.';

CREATE TABLE prices (
    variant_id uuid   NOT NULL REFERENCES variants (id),
    currency   text   NOT NULL,
    amount     bigint NOT NULL,
    PRIMARY KEY (variant_id, currency),
    CONSTRAINT prices_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT prices_amount CHECK (amount BETWEEN 0 AND 1000000000000)
);
COMMENT ON TABLE  prices            IS 'What a variant costs, one row per currency it is sold in. Prices include the tax.';
COMMENT ON COLUMN prices.variant_id IS 'The variant.';
COMMENT ON COLUMN prices.currency   IS 'ISO 4217 code.';
COMMENT ON COLUMN prices.amount     IS 'Price of one unit in minor units of the currency.';

-- +goose Down
DROP TABLE prices;
DROP TABLE variants;
DROP TABLE products;
