-- +goose NO TRANSACTION
-- +goose Up
-- Reconcile looks for refunds whose saga is gone although the money is back. Writes go on while
-- the index is built; one that was cut leaves half of it, which goes first when it is run again.
DROP INDEX CONCURRENTLY IF EXISTS refunds_succeeded;
CREATE INDEX CONCURRENTLY refunds_succeeded ON refunds (completed_at) WHERE status = 'succeeded';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS refunds_succeeded;
