-- +goose Up
-- What was captured by hand before captures had a row of their own.
INSERT INTO captures (id, payment_id, amount, final, status, created_at, updated_at)
SELECT gen_random_uuid(), id, captured, true, 'succeeded', updated_at, updated_at
FROM payments
WHERE capture = 'manual'
  AND captured > 0
  AND NOT EXISTS (SELECT FROM captures WHERE captures.payment_id = payments.id AND captures.status = 'succeeded');

-- +goose Down
SELECT 1;
