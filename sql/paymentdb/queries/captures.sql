-- name: ClaimCapture :execrows
-- Writes down what is to be taken, or nothing when the payment does not hold it.
INSERT INTO captures (id, payment_id, amount, final)
SELECT @id, payments.id, @amount, @final
FROM payments
WHERE payments.id = @payment_id
  AND payments.status = 'authorized'
  AND payments.voided_at IS NULL
  AND payments.authorized - payments.captured >= @amount
ON CONFLICT (id) DO NOTHING;

-- name: GetCapture :one
SELECT *
FROM captures
WHERE id = @id;

-- name: UpdateCapture :exec
-- Moves a capture on; that it was taken is the last word.
UPDATE captures
SET status = @status,
    reason = @reason,
    updated_at = now()
WHERE id = @id
  AND status <> 'succeeded';
