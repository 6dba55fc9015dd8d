-- +goose NO TRANSACTION
-- +goose Up
-- Reconcile looks for returns whose saga is gone. Writes go on while the index is built;
-- one that was cut leaves half of it, which goes first when it is run again.
DROP INDEX CONCURRENTLY IF EXISTS returns_open;
CREATE INDEX CONCURRENTLY returns_open ON returns (id) WHERE status IN ('requested', 'approved', 'received');

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS returns_open;
