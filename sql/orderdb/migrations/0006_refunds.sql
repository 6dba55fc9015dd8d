-- +goose Up
-- A refund is asked for by the payment's id.
CREATE INDEX orders_of_payment ON orders (payment_id) WHERE payment_id IS NOT NULL;

-- An order that was resumed keeps where it was held.
ALTER TABLE orders
    DROP CONSTRAINT orders_held,
    ADD CONSTRAINT orders_held CHECK (status <> 'held' OR held_from IS NOT NULL);
COMMENT ON COLUMN orders.held_from IS 'The status in which it was held last, and goes back to when it is resumed; null when it never was.';

-- +goose Down
DROP INDEX orders_of_payment;
ALTER TABLE orders
    DROP CONSTRAINT orders_held,
    ADD CONSTRAINT orders_held CHECK ((status = 'held') = (held_from IS NOT NULL)) NOT VALID;
