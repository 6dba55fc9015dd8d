-- +goose Up
-- Reconcile looks once at every order that was closed, by the time of it.
CREATE INDEX orders_closed_at ON orders (closed_at) WHERE closed_at IS NOT NULL;

-- +goose Down
DROP INDEX orders_closed_at;
