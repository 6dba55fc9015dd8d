package verify

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// An attempt's key is <order id>:<operation>:<n>, where n counts from 1.
const attemptKeys = `
SELECT attempts.key, 'is not the key of attempt ' || attempts.n || ' to ' || attempts.operation || ' for order ' || payments.order_id
FROM attempts
JOIN payments ON payments.id = attempts.payment_id
WHERE attempts.key <> payments.order_id || ':' || attempts.operation || ':' || attempts.n
UNION ALL
SELECT payments.order_id::text, format('%s attempts to %s are numbered up to %s', count(*), attempts.operation, max(attempts.n))
FROM attempts
JOIN payments ON payments.id = attempts.payment_id
GROUP BY payments.order_id, attempts.operation
HAVING count(*) <> max(attempts.n) OR count(*) <> count(DISTINCT attempts.n)`

const attemptsSucceeded = `
SELECT order_id::text, format('has %s payments', count(*))
FROM payments
GROUP BY order_id
HAVING count(*) > 1
UNION ALL
SELECT payments.order_id::text, format('%s authorizations succeeded, %s attempts are open', done.succeeded, done.open)
FROM (
    SELECT payment_id,
           count(*) FILTER (WHERE operation = 'authorize' AND state = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE state IN ('in_progress', 'unknown')) AS open
    FROM attempts
    GROUP BY payment_id
) AS done
JOIN payments ON payments.id = done.payment_id
WHERE done.succeeded > 1 OR done.open > 1`

const paymentAmounts = `
SELECT order_id::text, format('amount %s, authorized %s, captured %s, refunded %s', amount, authorized, captured, refunded)
FROM payments
WHERE NOT (0 <= refunded AND refunded <= captured AND captured <= authorized AND authorized <= amount)`

// Each version of a payment but the first has a transaction.
const paymentHistory = `
SELECT payments.order_id::text,
       format('%s at version %s with %s refunded; its %s transactions end with %s at version %s and refund %s', payments.status, payments.version,
              payments.refunded, coalesce(history.entries, 0), coalesce(history.status, 'nothing'), history.last, coalesce(history.refunded, 0))
FROM payments
LEFT JOIN (
    SELECT payment_id,
           count(*) AS entries,
           max(version) AS last,
           (array_agg(status ORDER BY version DESC))[1] AS status,
           sum(CASE kind WHEN 'refunded' THEN amount WHEN 'refund_failed' THEN -amount ELSE 0 END) AS refunded
    FROM transactions
    GROUP BY payment_id
) AS history ON history.payment_id = payments.id
WHERE coalesce(history.entries, 0) <> payments.version - 1
   OR coalesce(history.last, 1) <> payments.version
   OR coalesce(history.status, payments.status) <> payments.status
   OR coalesce(history.refunded, 0) <> payments.refunded`

// What was asked to be taken and given back, by its own ids, adds up to what was.
// Money that somebody gave back at the provider's own desk has no refund of ours.
const paymentRequests = `
SELECT payments.order_id::text, format('captured %s, refunded %s, refunds claim %s; its captures add up to %s, its refunds to %s, those under way with them to %s',
       payments.captured, payments.refunded, payments.refund_claimed, taken.total, given.total, given.claimed)
FROM payments
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS total
    FROM captures
    WHERE captures.payment_id = payments.id
      AND captures.status = 'succeeded'
) AS taken
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'succeeded')), 0) AS total,
           coalesce(sum(amount) FILTER (WHERE status IN ('requested', 'pending', 'succeeded')), 0) AS claimed
    FROM refunds
    WHERE refunds.payment_id = payments.id
) AS given
WHERE (payments.capture = 'manual' AND payments.provider = 'card' AND taken.total <> payments.captured)
   OR given.total <> payments.refunded
   OR given.claimed <> payments.refund_claimed
   OR (given.claimed > payments.captured AND payments.captured > 0)`

// The bank's witness is what is known of transfers.
const transfersAgree = `
SELECT payments.order_id::text, format('we have %s received and %s to be sent back; the transfers say %s and %s', payments.captured, payments.refunded, facts.received, facts.returned)
FROM payments
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE kind = 'received'), 0) AS received,
           coalesce(sum(amount) FILTER (WHERE kind = 'returned'), 0) AS returned,
           max(created_at) AS newest
    FROM bank_transfers
    WHERE bank_transfers.payment_id = payments.id
) AS facts
WHERE (payments.provider = 'bank_transfer' OR facts.received > 0)
  AND facts.newest < @before
  AND (CASE payments.provider WHEN 'bank_transfer' THEN payments.captured ELSE 0 END, CASE payments.provider WHEN 'bank_transfer' THEN payments.refunded ELSE 0 END)
      IS DISTINCT FROM (facts.received, facts.returned)
UNION ALL
SELECT payments.order_id::text, format('captured %s by bank transfer; no transfer was ever expected', payments.captured)
FROM payments
WHERE payments.provider = 'bank_transfer'
  AND payments.captured > 0
  AND NOT EXISTS (SELECT FROM bank_transfers WHERE bank_transfers.payment_id = payments.id)`

// A payment that waits for its customer is not in doubt: its order's saga has a
// deadline for it.
const paymentsInDoubt = `
SELECT order_id::text, format('%s since %s', status, updated_at)
FROM payments
WHERE status IN ('pending', 'unknown')
  AND updated_at < @before
UNION ALL
SELECT payments.order_id::text, format('attempt %s %s since %s', attempts.key, attempts.state, attempts.sent_at)
FROM attempts
JOIN payments ON payments.id = attempts.payment_id
WHERE attempts.state IN ('in_progress', 'unknown')
  AND attempts.sent_at < @before
  AND payments.status NOT IN ('pending', 'unknown')
UNION ALL
SELECT order_id::text, format('not wanted since %s, but still %s', voided_at, status)
FROM payments
WHERE status IN ('requires_action', 'authorized', 'captured')
  AND voided_at < @before
UNION ALL
SELECT payments.order_id::text, format('%s %s of %s is asked for since %s', asked.what, asked.id, asked.amount, asked.created_at)
FROM (
    SELECT 'capture' AS what, id, payment_id, amount, created_at FROM captures WHERE status = 'requested'
    UNION ALL
    SELECT 'refund', id, payment_id, amount, created_at FROM refunds WHERE status = 'requested'
) AS asked
JOIN payments ON payments.id = asked.payment_id
WHERE asked.created_at < @before
  AND payments.voided_at IS NULL`

const webhooksApplied = `
SELECT id, format('%s, received %s, tried %s times', type, received_at, tries)
FROM webhooks
WHERE applied_at IS NULL
  AND received_at < @before
UNION ALL
SELECT id, format('stored %s times', count(*))
FROM webhooks
GROUP BY id
HAVING count(*) > 1`

// paymentRow is what other witnesses are compared with. Amounts are minor units.
type paymentRow struct {
	ID         uuid.UUID
	OrderID    uuid.UUID
	UserID     *uuid.UUID // nil on a tombstone
	Status     string
	Provider   string // card or bank_transfer
	Currency   string
	Amount     int64
	Authorized int64
	Captured   int64
	Refunded   int64
	IntentID   string // the provider's; "" while it is not known
	InDoubt    bool   // the provider is being asked, or its answer got lost
	UpdatedAt  time.Time
}

// held is what is blocked on the card and not taken.
func (p paymentRow) held() int64 { return p.Authorized - p.Captured }

// taken is what was taken and not given back.
func (p paymentRow) taken() int64 { return p.Captured - p.Refunded }

func (l *look) readPayments(ctx context.Context) (map[uuid.UUID]paymentRow, error) {
	all, err := rows[paymentRow](ctx, l, payments, `
		SELECT id, order_id, user_id, status, provider, currency, amount, authorized, captured, refunded, provider_payment_id,
		       status IN ('pending', 'unknown') OR EXISTS (
		           SELECT FROM attempts WHERE attempts.payment_id = payments.id AND attempts.state IN ('in_progress', 'unknown')),
		       updated_at
		FROM payments`)
	return by(all, func(p paymentRow) uuid.UUID { return p.OrderID }), err
}
