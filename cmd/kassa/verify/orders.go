package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const orderVersions = `
SELECT orders.id::text, format('version %s, but its %s events have %s to %s', orders.version, coalesce(story.events, 0), story.first, story.last)
FROM orders
LEFT JOIN (
    SELECT order_id, count(*) AS events, min(version) AS first, max(version) AS last
    FROM order_events
    GROUP BY order_id
) AS story ON story.order_id = orders.id
WHERE story.events IS NULL OR story.first <> 1 OR story.last <> story.events OR story.last <> orders.version`

// Each event that moves an order names the status it leads to. Some move it
// only sometimes, and some tell of something else than its status.
const orderTransitions = `
WITH kinds (type, moves) AS (
    VALUES ('order.cancel_requested', 'never'), ('order.approved', 'never'), ('order.retried', 'never'), ('order.payment_changed', 'never'),
           ('order.shipment_planned', 'never'), ('order.shipment_failed', 'never'), ('order.refund_requested', 'never'), ('order.refund_failed', 'never'),
           ('order.return_requested', 'never'), ('order.return_approved', 'never'), ('order.return_received', 'never'), ('order.return_rejected', 'never'),
           ('order.shipped', 'sometimes'), ('order.delivered', 'sometimes'), ('order.refunded', 'sometimes'), ('order.returned', 'sometimes')
), steps AS (
    SELECT order_events.order_id, order_events.version, order_events.type, order_events.data->>'status' AS status,
           lag(order_events.data->>'status') OVER story AS before
    FROM order_events
    LEFT JOIN kinds ON kinds.type = order_events.type
    WHERE order_events.data ? 'status' OR kinds.type IS NULL
    WINDOW story AS (PARTITION BY order_events.order_id ORDER BY order_events.version)
), legal (type, status, before) AS (
    VALUES ('order.created',          'pending',            ARRAY[NULL]),
           ('order.awaiting_payment', 'awaiting_payment',   ARRAY['pending']),
           ('order.in_review',        'in_review',          ARRAY['pending', 'awaiting_payment']),
           ('order.held',             'held',               ARRAY['pending', 'awaiting_payment', 'in_review']),
           ('order.resumed',          'pending',            ARRAY['held']),
           ('order.resumed',          'awaiting_payment',   ARRAY['held']),
           ('order.resumed',          'in_review',          ARRAY['held']),
           ('order.confirmed',        'confirmed',          ARRAY['pending', 'awaiting_payment', 'in_review']),
           ('order.rejected',         'rejected',           ARRAY['pending', 'awaiting_payment', 'in_review', 'held']),
           ('order.cancelled',        'cancelled',          ARRAY['confirmed', 'partially_refunded']),
           ('order.shipped',          'partially_shipped',  ARRAY['confirmed', 'partially_shipped']),
           ('order.shipped',          'shipped',            ARRAY['confirmed', 'partially_shipped']),
           ('order.delivered',        'delivered',          ARRAY['shipped']),
           ('order.refunded',         'partially_refunded', ARRAY['confirmed', 'partially_shipped', 'shipped', 'delivered', 'partially_refunded']),
           ('order.refunded',         'refunded',           ARRAY['confirmed', 'partially_shipped', 'shipped', 'delivered', 'partially_refunded', 'refunded']),
           ('order.returned',         'returned',           ARRAY['shipped', 'delivered', 'partially_refunded', 'refunded'])
)
SELECT steps.order_id::text, format('%s at version %s leads from %s to %s', steps.type, steps.version, coalesce(steps.before, 'nothing'), steps.status)
FROM steps
LEFT JOIN legal ON legal.type = steps.type AND legal.status = steps.status AND (legal.before && ARRAY[steps.before] OR steps.before IS NULL AND legal.before[1] IS NULL)
WHERE legal.type IS NULL
UNION ALL
SELECT order_events.order_id::text, format('%s at version %s claims to lead to %s', order_events.type, order_events.version, order_events.data->>'status')
FROM order_events
JOIN kinds ON kinds.type = order_events.type AND kinds.moves = 'never'
WHERE order_events.data ? 'status'
UNION ALL
SELECT order_id::text, format('asked to cancel %s times, last at version %s', count(*) FILTER (WHERE asks), max(version) FILTER (WHERE asks))
FROM (SELECT order_id, version, type = 'order.cancel_requested' AS asks, data->>'status' AS status FROM order_events) AS events
GROUP BY order_id
HAVING count(*) FILTER (WHERE asks) > 1
    OR max(version) FILTER (WHERE asks) > min(version) FILTER (WHERE status IN ('rejected', 'cancelled'))`

// The members of an event's data are named like the columns they set, so a row
// is the merge of its events' data: of equal keys the last one stays. What no event
// tells of is as in the row.
const orderFold = `
WITH folds AS (
    SELECT order_events.order_id,
           jsonb_object_agg(member.key, member.value ORDER BY order_events.version) AS data,
           (array_agg(order_events.at ORDER BY order_events.version))[1] AS created_at,
           (array_agg(order_events.at ORDER BY order_events.version DESC))[1] AS updated_at
    FROM order_events
    CROSS JOIN LATERAL jsonb_each(order_events.data - 'lines') AS member
    GROUP BY order_events.order_id
), compared AS (
    SELECT orders AS shown,
           jsonb_populate_record(orders, '{"user_id": null, "status": null, "payment_status": null, "payment_id": null, "payment_method": null, "capture": null,
               "action_url": null, "currency": null, "subtotal": null, "discount": null, "shipping": null, "tax": null, "total": null, "shipping_option": null,
               "fault": null, "reason": null, "details": null, "fulfilment": "none", "refunded": 0, "held_from": null, "cart_id": null, "cart_version": null,
               "coupon": null, "review_seconds": 0, "tax_included": 0, "tax_rate_basis_points": 0,
               "cancel_requested_at": null, "confirmed_at": null, "closed_at": null}'
               || folds.data || jsonb_build_object('created_at', folds.created_at, 'updated_at', folds.updated_at)) AS folded
    FROM orders
    JOIN folds ON folds.order_id = orders.id
)
SELECT (compared.shown).id::text, 'unlike its events in ' || differing.columns
FROM compared
CROSS JOIN LATERAL (
    SELECT string_agg(key, ', ' ORDER BY key) AS columns
    FROM jsonb_each(to_jsonb(compared.shown)) AS column_of (key, value)
    WHERE column_of.value IS DISTINCT FROM to_jsonb(compared.folded) -> key
) AS differing
WHERE compared.shown IS DISTINCT FROM compared.folded`

// What was ordered never changes. The lines' totals are O4's.
const orderLines = `
SELECT coalesce(lines.order_id, told.order_id)::text, 'its lines are unlike those it was created with'
FROM (
    SELECT order_id, string_agg(format('%s %s %s %s %s', id, variant_id, sku, quantity, unit_price), ', ' ORDER BY position) AS basket
    FROM order_lines
    GROUP BY order_id
) AS lines
FULL JOIN (
    SELECT order_events.order_id,
           string_agg(format('%s %s %s %s %s', line ->> 'id', line ->> 'variant_id', line ->> 'sku', line ->> 'quantity', line -> 'unit_price' ->> 'amount'), ', ' ORDER BY place) AS basket
    FROM order_events
    CROSS JOIN LATERAL jsonb_array_elements(order_events.data -> 'lines') WITH ORDINALITY AS each (line, place)
    WHERE order_events.type = 'order.created'
    GROUP BY order_events.order_id
) AS told ON told.order_id = lines.order_id
WHERE lines.basket IS DISTINCT FROM told.basket`

const orderArithmetic = `
SELECT orders.id::text, format('lines %s (%s wrong), subtotal %s, discount %s, shipping %s, tax %s, total %s',
       coalesce(sums.total, 0), coalesce(sums.wrong, 0), orders.subtotal, orders.discount, orders.shipping, orders.tax, orders.total)
FROM orders
LEFT JOIN (
    SELECT order_id, sum(total) AS total, count(*) FILTER (WHERE total <> unit_price * quantity OR quantity <= 0 OR unit_price < 0) AS wrong
    FROM order_lines
    GROUP BY order_id
) AS sums ON sums.order_id = orders.id
WHERE sums.wrong IS DISTINCT FROM 0
   OR sums.total <> orders.subtotal
   OR orders.total <> orders.subtotal - orders.discount + orders.shipping + orders.tax
   OR orders.total <= 0
   OR orders.discount NOT BETWEEN 0 AND orders.subtotal
   OR orders.shipping < 0
   OR orders.tax < 0`

const orderKeys = `
SELECT user_id || ' ' || operation || ' ' || idempotency_key, format('placed %s orders: %s', count(*), string_agg(id::text, ', ' ORDER BY id))
FROM orders
GROUP BY user_id, operation, idempotency_key
HAVING count(*) > 1
UNION ALL
SELECT cart_id || ' version ' || cart_version, format('made %s orders that live: %s', count(*), string_agg(id::text, ', ' ORDER BY id))
FROM orders
WHERE cart_id IS NOT NULL
  AND closed_at IS NULL
GROUP BY cart_id, cart_version
HAVING count(*) > 1`

// What was given back, shipped and returned agrees with the order.
const orderGoods = `
SELECT orders.id::text, format('%s refunded, refunds add up to %s; %s of %s pieces shipped, fulfilment %s; %s returned',
       orders.refunded, coalesce(back.amount, 0), coalesce(gone.pieces, 0), ordered.pieces, orders.fulfilment, coalesce(home.pieces, 0))
FROM orders
JOIN (SELECT order_id, sum(quantity) AS pieces FROM order_lines GROUP BY order_id) AS ordered ON ordered.order_id = orders.id
LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM refunds WHERE status = 'succeeded' GROUP BY order_id) AS back ON back.order_id = orders.id
LEFT JOIN (
    SELECT shipments.order_id,
           sum(shipment_lines.quantity) FILTER (WHERE shipments.status <> 'preparing') AS pieces,
           sum(shipment_lines.quantity) AS planned
    FROM shipments
    JOIN shipment_lines ON shipment_lines.shipment_id = shipments.id
    WHERE shipments.status <> 'failed'
    GROUP BY shipments.order_id
) AS gone ON gone.order_id = orders.id
LEFT JOIN (
    SELECT returns.order_id, sum(return_lines.quantity) AS pieces
    FROM returns
    JOIN return_lines ON return_lines.return_id = returns.id
    WHERE returns.status = 'completed'
    GROUP BY returns.order_id
) AS home ON home.order_id = orders.id
WHERE orders.refunded <> coalesce(back.amount, 0)
   OR orders.fulfilment <> CASE
          WHEN coalesce(gone.pieces, 0) = ordered.pieces AND orders.fulfilment = 'delivered' THEN 'delivered'
          WHEN coalesce(gone.pieces, 0) = ordered.pieces THEN 'shipped'
          WHEN coalesce(gone.pieces, 0) > 0 THEN 'partial'
          WHEN coalesce(gone.planned, 0) > 0 THEN 'preparing'
          ELSE 'none' END
   OR coalesce(gone.planned, 0) > ordered.pieces
   OR coalesce(home.pieces, 0) > coalesce(gone.pieces, 0)`

// The statuses of an order that matter to others.
const (
	pending         = "pending"
	awaitingPayment = "awaiting_payment"
	inReview        = "in_review"
	onHold          = "held"
	rejected        = "rejected"
	cancelled       = "cancelled"
	refunded        = "refunded"
)

// orderRow is what other witnesses are compared with.
type orderRow struct {
	ID              uuid.UUID
	UserID          uuid.UUID
	Status          string
	Currency        string
	Total           int64 // minor units
	PaymentID       *uuid.UUID
	CancelRequested *time.Time
	UpdatedAt       time.Time
	Basket          string // variants and quantities
	Capture         string // automatic or manual
	Fulfilment      string
	Refunded        int64 // minor units
	Refunding       bool  // a refund is under way
}

func (o orderRow) closed() bool { return o.Status == rejected || o.Status == cancelled }

// settled reports whether the checkout is over.
func (o orderRow) settled() bool {
	switch o.Status {
	case pending, awaitingPayment, inReview, onHold:
		return false
	default:
		return true
	}
}

// bought reports whether the order was confirmed and nobody cancels it.
func (o orderRow) bought() bool { return o.settled() && !o.closed() && o.CancelRequested == nil }

// gone reports whether all of its goods have left.
func (o orderRow) gone() bool { return o.Fulfilment == "shipped" || o.Fulfilment == "delivered" }

func (l *look) readOrders(ctx context.Context) (map[uuid.UUID]orderRow, error) {
	all, err := rows[orderRow](ctx, l, orders, `
		SELECT orders.id, orders.user_id, orders.status, orders.currency, orders.total, orders.payment_id,
		       orders.cancel_requested_at, orders.updated_at, coalesce(baskets.basket, ''), orders.capture, orders.fulfilment, orders.refunded,
		       EXISTS (SELECT FROM refunds WHERE refunds.order_id = orders.id AND refunds.status = 'requested')
		FROM orders
		LEFT JOIN (
		    SELECT order_id, string_agg(quantity || ' of ' || variant_id, ', ' ORDER BY variant_id) AS basket
		    FROM (SELECT order_id, variant_id, sum(quantity) AS quantity FROM order_lines GROUP BY order_id, variant_id) AS lines
		    GROUP BY order_id
		) AS baskets ON baskets.order_id = orders.id`)
	return by(all, func(o orderRow) uuid.UUID { return o.ID }), err
}

// confirmedPaid is O2. That there is no second payment is the key of l.payments
// and P1's. An order that is being cancelled may have lost its payment already.
func confirmedPaid(_ context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	looked := 0
	for _, id := range inOrder(l.orders) {
		o := l.orders[id]
		if !o.bought() {
			continue
		}
		looked++
		if what := o.unpaid(l.payments); what != "" {
			found = append(found, Finding{id.String(), what})
		}
	}
	return looked, found, nil
}

// unpaid says why a confirmed order is not paid as it should be; "" when it is.
func (o orderRow) unpaid(payments map[uuid.UUID]paymentRow) string {
	p, paid := payments[o.ID]
	switch {
	case !paid:
		return "confirmed without a payment"
	case o.PaymentID == nil || *o.PaymentID != p.ID || p.UserID == nil || *p.UserID != o.UserID:
		return fmt.Sprintf("confirmed with a payment other than its own, %s", p.ID)
	case p.Status != "authorized" && p.Status != "captured" && (p.Status != refunded || o.Refunded == 0 && !o.Refunding):
		return fmt.Sprintf("%s, but its payment is %s", o.Status, p.Status)
	case p.Currency != o.Currency || p.Amount != o.Total || p.Captured == 0 && p.Authorized != o.Total || o.Capture == "automatic" && p.Captured != 0 && p.Captured != o.Total:
		return fmt.Sprintf("costs %d %s; authorized %d, captured %d %s", o.Total, o.Currency, p.Authorized, p.Captured, p.Currency)
	case p.Refunded != o.Refunded && !o.Refunding:
		return fmt.Sprintf("%d %s of it were refunded; its payment says %d", o.Refunded, o.Currency, p.Refunded)
	}
	return ""
}

// closedUnpaid is O3.
func closedUnpaid(_ context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	looked := 0
	for _, id := range inOrder(l.orders) {
		o := l.orders[id]
		if !o.closed() {
			continue
		}
		looked++
		p, paid := l.payments[id]
		switch {
		case !paid:
		case p.held() != 0 || p.taken() != 0:
			found = append(found, Finding{id.String(), fmt.Sprintf("%s, but %d %s are held and %d taken", o.Status, p.held(), p.Currency, p.taken())})
		case p.Status != "voided" && p.Status != "refunded" && p.Status != "failed":
			found = append(found, Finding{id.String(), fmt.Sprintf("%s, but its payment is %s", o.Status, p.Status)})
		}
	}
	return looked, found, nil
}
