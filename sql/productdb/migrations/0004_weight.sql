-- +goose Up
ALTER TABLE variants
    ADD COLUMN weight_grams integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT variants_weight CHECK (weight_grams BETWEEN 0 AND 1000000);
COMMENT ON COLUMN variants.weight_grams IS 'What one unit weighs with its packaging, in grams; 0 when nobody has weighed it, which ships as the lightest.';

-- +goose Down
ALTER TABLE variants
    DROP CONSTRAINT variants_weight,
    DROP COLUMN weight_grams;
