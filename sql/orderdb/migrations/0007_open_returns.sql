-- +goose Up
-- Reconcile looks for returns whose saga is gone.
CREATE INDEX returns_open ON returns (id) WHERE status IN ('requested', 'approved', 'received');

-- +goose Down
DROP INDEX returns_open;
