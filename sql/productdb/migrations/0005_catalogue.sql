-- +goose Up
CREATE TABLE categories (
    id         uuid        PRIMARY KEY,
    parent_id  uuid        REFERENCES categories (id),
    slug       text        NOT NULL,
    name       text        NOT NULL,
    position   integer     NOT NULL DEFAULT 0,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT categories_slug UNIQUE (slug),
    CONSTRAINT categories_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 64),
    CONSTRAINT categories_name CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT categories_parent CHECK (parent_id <> id),
    CONSTRAINT categories_version CHECK (version > 0)
);
COMMENT ON TABLE  categories            IS 'The shelves of the shop, as a tree. That it has no circles is kept by the service, under a lock.';
COMMENT ON COLUMN categories.id         IS 'Category id.';
COMMENT ON COLUMN categories.parent_id  IS 'The category it is in; null at the top.';
COMMENT ON COLUMN categories.slug       IS 'Its name in addresses, unique in the shop.';
COMMENT ON COLUMN categories.name       IS 'Name shown to customers.';
COMMENT ON COLUMN categories.position   IS 'Its place among its siblings, smallest first; equal ones by name.';
COMMENT ON COLUMN categories.version    IS 'Counts the changes, from 1; its ETag.';
COMMENT ON COLUMN categories.created_at IS 'When it was made.';
COMMENT ON COLUMN categories.updated_at IS 'When it last changed.';
CREATE INDEX categories_children ON categories (parent_id);

ALTER TABLE products
    ADD COLUMN category_id uuid,
    ADD COLUMN images jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT products_category FOREIGN KEY (category_id) REFERENCES categories (id),
    ADD CONSTRAINT products_images CHECK (jsonb_typeof(images) = 'array' AND jsonb_array_length(images) <= 20);
COMMENT ON COLUMN products.category_id IS 'The category it is in; null for none.';
COMMENT ON COLUMN products.images      IS 'Array of {"url", "alt"}, the first is the main one. The pictures are elsewhere.';
CREATE INDEX products_by_category ON products (category_id, id);
CREATE INDEX products_updated ON products (updated_at);

ALTER TABLE variants
    ADD COLUMN options jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT variants_options CHECK (jsonb_typeof(options) = 'array' AND jsonb_array_length(options) <= 5);
COMMENT ON COLUMN variants.options IS 'Array of {"name", "value"}, like size L; the same names in all variants of a product. Empty for an only variant.';

-- Variants change places within one statement.
ALTER TABLE variants DROP CONSTRAINT variants_position;
ALTER TABLE variants ADD CONSTRAINT variants_position UNIQUE (product_id, position) DEFERRABLE INITIALLY IMMEDIATE;

-- +goose Down
ALTER TABLE variants DROP CONSTRAINT variants_position;
ALTER TABLE variants ADD CONSTRAINT variants_position UNIQUE (product_id, position);
ALTER TABLE variants DROP COLUMN options;
ALTER TABLE products DROP COLUMN images, DROP COLUMN category_id;
DROP TABLE categories;
