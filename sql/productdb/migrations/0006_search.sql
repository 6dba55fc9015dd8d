-- +goose Up
-- Trusted: the owner of the database may create it. Part of Postgres's contrib
-- modules, which Debian's package postgresql contains.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE stock (
    variant_id uuid   PRIMARY KEY,
    product_id uuid   NOT NULL,
    available  bigint NOT NULL
);
COMMENT ON TABLE  stock            IS 'What the inventory service last told of its stock: a copy, for searching only what there is.';
COMMENT ON COLUMN stock.variant_id IS 'The variant; it may be one that is gone.';
COMMENT ON COLUMN stock.product_id IS 'Its product.';
COMMENT ON COLUMN stock.available  IS 'Units, as far as the events tell; reservations count with the next event only.';
CREATE INDEX stock_product ON stock (product_id);

CREATE TABLE listings (
    product_id  uuid     PRIMARY KEY REFERENCES products (id),
    category_id uuid,
    document    tsvector NOT NULL,
    prices      jsonb    NOT NULL,
    in_stock    boolean  NOT NULL
);
COMMENT ON TABLE  listings             IS 'The active products as search sees them; written with the product, in the same transaction.';
COMMENT ON COLUMN listings.product_id  IS 'The product; a higher one is newer.';
COMMENT ON COLUMN listings.category_id IS 'Its category, or null.';
COMMENT ON COLUMN listings.document    IS 'Its words: A those of the name and the SKUs, B of the variants, C of the first 2,000 characters of the description.';
COMMENT ON COLUMN listings.prices      IS 'Currency → price of the cheapest variant, in minor units.';
COMMENT ON COLUMN listings.in_stock    IS 'Whether any of its variants is available.';
CREATE INDEX listings_document ON listings USING gin (document);
CREATE INDEX listings_category ON listings (category_id, product_id);

CREATE TABLE listing_prices (
    product_id uuid   NOT NULL REFERENCES listings (product_id) ON DELETE CASCADE,
    currency   text   NOT NULL,
    amount     bigint NOT NULL,
    PRIMARY KEY (product_id, currency)
);
COMMENT ON TABLE  listing_prices            IS 'listings.prices as rows, for going through the catalogue by price.';
COMMENT ON COLUMN listing_prices.product_id IS 'The product.';
COMMENT ON COLUMN listing_prices.currency   IS 'ISO 4217 code.';
COMMENT ON COLUMN listing_prices.amount     IS 'Price of the cheapest variant in minor units.';
CREATE INDEX listing_prices_amount ON listing_prices (currency, amount, product_id);

CREATE TABLE words (
    word text PRIMARY KEY,
    stem text NOT NULL
);
COMMENT ON TABLE  words      IS 'The words without digits that listings have had, to find the one that a customer meant to type. None is ever taken away.';
COMMENT ON COLUMN words.word IS 'The word in small letters, as it is written.';
COMMENT ON COLUMN words.stem IS 'What listings.document keeps of it.';
CREATE INDEX words_stem ON words (stem);
CREATE INDEX words_alike ON words USING gin (word gin_trgm_ops);

-- +goose StatementBegin
CREATE FUNCTION list_products(listed uuid[]) RETURNS void
LANGUAGE sql VOLATILE
-- Every row is found by an id. A plan from when the tables were empty would read
-- them whole, and be kept while they grow.
SET enable_seqscan = off
BEGIN ATOMIC
    DELETE FROM listing_prices
    WHERE listing_prices.product_id = ANY (listed);

    DELETE FROM listings
    USING products
    WHERE products.id = listings.product_id
      AND listings.product_id = ANY (listed)
      AND products.status <> 'active';

    INSERT INTO listings (product_id, category_id, document, prices, in_stock)
    SELECT products.id,
           products.category_id,
           setweight(to_tsvector('english', products.name || ' ' || sold.skus), 'A')
               || setweight(to_tsvector('english', sold.names), 'B')
               || setweight(to_tsvector('english', left(products.description, 2000)), 'C'),
           coalesce((
               SELECT jsonb_object_agg(cheapest.currency, cheapest.amount)
               FROM (
                   SELECT prices.currency, min(prices.amount) AS amount
                   FROM prices
                   JOIN variants ON variants.id = prices.variant_id
                   WHERE variants.product_id = products.id
                   GROUP BY prices.currency
               ) AS cheapest
           ), '{}'),
           false
    FROM products
    CROSS JOIN LATERAL (
        SELECT string_agg(variants.sku, ' ') AS skus,
               string_agg(variants.name || ' ' || coalesce(choice.words, ''), ' ') AS names
        FROM variants
        CROSS JOIN LATERAL (
            SELECT string_agg(option ->> 'value', ' ') AS words
            FROM jsonb_array_elements(variants.options) AS option
        ) AS choice
        WHERE variants.product_id = products.id
    ) AS sold
    WHERE products.id = ANY (listed)
      AND products.status = 'active'
    ON CONFLICT (product_id) DO UPDATE
    SET category_id = excluded.category_id,
        document = excluded.document,
        prices = excluded.prices;

    -- A statement of its own: it sees what a consumer of stock has committed
    -- while this one waited for the row.
    UPDATE listings
    SET in_stock = now.in_stock
    FROM (
        SELECT asked.product_id,
               EXISTS (
                   SELECT FROM variants
                   JOIN stock ON stock.variant_id = variants.id
                   WHERE variants.product_id = asked.product_id
                     AND stock.available > 0
               ) AS in_stock
        FROM unnest(listed) AS asked (product_id)
    ) AS now
    WHERE listings.product_id = now.product_id
      AND listings.in_stock <> now.in_stock;

    INSERT INTO listing_prices (product_id, currency, amount)
    SELECT listings.product_id, price.key, price.value::bigint
    FROM listings
    CROSS JOIN LATERAL jsonb_each_text(listings.prices) AS price (key, value)
    WHERE listings.product_id = ANY (listed);

    -- In the order of the words, so that two of these never wait for each other.
    INSERT INTO words (word, stem)
    SELECT DISTINCT spoken.lexeme, (ts_lexize('english_stem', spoken.lexeme))[1]
    FROM products
    CROSS JOIN LATERAL (
        SELECT string_agg(variants.sku || ' ' || variants.name || ' ' || coalesce(choice.words, ''), ' ') AS names
        FROM variants
        CROSS JOIN LATERAL (
            SELECT string_agg(option ->> 'value', ' ') AS words
            FROM jsonb_array_elements(variants.options) AS option
        ) AS choice
        WHERE variants.product_id = products.id
    ) AS sold
    CROSS JOIN LATERAL unnest(to_tsvector('simple', products.name || ' ' || sold.names || ' ' || left(products.description, 2000))) AS spoken
    WHERE products.id = ANY (listed)
      AND products.status = 'active'
      AND length(spoken.lexeme) <= 100
      AND spoken.lexeme !~ '[0-9]'
      AND (ts_lexize('english_stem', spoken.lexeme))[1] IS NOT NULL
      AND NOT EXISTS (SELECT FROM words WHERE words.word = spoken.lexeme)
    ORDER BY spoken.lexeme
    ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
COMMENT ON FUNCTION list_products IS 'Makes listings of these products what the products are; for the transaction that changes them. For a thousand at a time at most.';

SELECT list_products(array_agg(parts.id))
FROM (
    SELECT id, row_number() OVER (ORDER BY id) / 500 AS part
    FROM products
    WHERE status = 'active'
) AS parts
GROUP BY parts.part;

-- +goose Down
DROP FUNCTION list_products;
DROP TABLE words;
DROP TABLE listing_prices;
DROP TABLE listings;
DROP TABLE stock;
DROP EXTENSION pg_trgm;
