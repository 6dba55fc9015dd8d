-- name: ClaimRefund :execrows
-- Writes down what is to be given back, or nothing when that would be more than
-- was taken. The row of the payment is the lock: two refunds at once add up.
WITH claimed AS (
    UPDATE payments
    SET refund_claimed = refund_claimed + @amount
    WHERE payments.id = @payment_id
      AND payments.status IN ('authorized', 'captured')
      AND payments.voided_at IS NULL
      AND greatest(payments.refund_claimed, payments.refunded) + @amount <= payments.captured
      AND NOT EXISTS (SELECT FROM refunds WHERE refunds.id = @id)
    RETURNING payments.id
)
INSERT INTO refunds (id, payment_id, amount)
SELECT @id, claimed.id, @amount
FROM claimed;

-- name: InsertRefusedRefund :exec
-- Writes down that a refund was refused before anybody began to make it, so that
-- it stays so: more may be taken later, and the refund be asked for again.
INSERT INTO refunds (id, payment_id, amount, status, reason)
VALUES (@id, @payment_id, @amount, 'refused', @reason)
ON CONFLICT (id) DO NOTHING;

-- name: GetRefund :one
SELECT *
FROM refunds
WHERE id = @id;

-- name: ListRefunds :many
SELECT *
FROM refunds
WHERE payment_id = @payment_id
ORDER BY created_at, id;

-- name: RefuseRefunds :exec
-- Ends the refunds of a payment that nobody has begun to make, but for one that
-- gives back all that is left. The payment is locked already.
WITH refused AS (
    UPDATE refunds
    SET status = 'refused',
        reason = @reason,
        updated_at = now()
    WHERE payment_id = @payment_id
      AND refunds.id <> @kept
      AND status = 'requested'
    RETURNING amount
)
UPDATE payments
SET refund_claimed = refund_claimed - (SELECT coalesce(sum(refused.amount), 0)::bigint FROM refused)
WHERE payments.id = @payment_id;

-- name: InsertRefund :exec
-- The refund of all that is left, when the order wants no payment any more.
WITH claimed AS (
    UPDATE payments
    SET refund_claimed = refund_claimed + @amount
    WHERE payments.id = @payment_id
    RETURNING payments.id
)
INSERT INTO refunds (id, payment_id, amount)
SELECT @id, claimed.id, @amount
FROM claimed;

-- name: UpdateRefund :exec
-- Moves a refund on, never back, and what it claims with it. The payment is
-- locked first, as by everybody who needs both.
WITH locked AS (
    SELECT payments.id
    FROM payments
    WHERE payments.id = @payment_id
    FOR UPDATE
), past AS (
    SELECT refunds.id, refunds.status IN ('requested', 'pending', 'succeeded') AS live
    FROM locked
    JOIN refunds ON refunds.payment_id = locked.id
    WHERE refunds.id = @id
      AND array_position(ARRAY['requested', 'refused', 'pending', 'succeeded', 'failed'], refunds.status)
        < array_position(ARRAY['requested', 'refused', 'pending', 'succeeded', 'failed'], @status::text)
), moved AS (
    UPDATE refunds
    SET status = @status::text,
        reason = @reason,
        provider_id = CASE WHEN @provider_id::text = '' THEN refunds.provider_id ELSE @provider_id::text END,
        updated_at = now()
    FROM past
    WHERE refunds.id = past.id
    RETURNING refunds.payment_id, refunds.amount * ((@status::text IN ('requested', 'pending', 'succeeded'))::integer - past.live::integer) AS claim
)
UPDATE payments
SET refund_claimed = payments.refund_claimed + moved.claim
FROM moved
WHERE payments.id = moved.payment_id
  AND moved.claim <> 0;
