package verify

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kassa/activities/order"
)

// Shipments that failed after money may have been taken with them, and that have no
// refund, which has the shipment's id. One that was refused has left its order to
// support. byHand is what other refunds of the
// order give back that are not a return's.
const failedShipments = `
SELECT shipments.id, shipments.order_id, coalesce(back.amount, 0) AS by_hand
FROM shipments
JOIN orders ON orders.id = shipments.order_id
LEFT JOIN (
    SELECT refunds.order_id, sum(refunds.amount) AS amount
    FROM refunds
    WHERE refunds.status <> 'failed'
      AND NOT EXISTS (SELECT FROM shipments WHERE shipments.id = refunds.id)
      AND NOT EXISTS (SELECT FROM returns WHERE returns.id = refunds.id)
    GROUP BY refunds.order_id
) AS back ON back.order_id = shipments.order_id
WHERE shipments.status = 'failed'
  AND orders.closed_at IS NULL
  AND orders.cancel_requested_at IS NULL
  AND NOT EXISTS (
    SELECT FROM refunds
    WHERE refunds.id = shipments.id AND (refunds.status <> 'failed' OR orders.needs_attention IS NOT NULL))
ORDER BY shipments.id`

const madeCaptures = `SELECT id, amount FROM captures WHERE status = 'succeeded'`

// failedShipmentsRefunded is the part of O2 that is about money taken for goods
// which never left: it is given back, or going to be.
func failedShipmentsRefunded(ctx context.Context, l *look) (int, []Finding, error) {
	failed, err := rows[struct {
		ID, OrderID uuid.UUID
		ByHand      int64
	}](ctx, l, orders, failedShipments)
	if err != nil || len(failed) == 0 {
		return 0, nil, err
	}
	type capture struct {
		ID     uuid.UUID
		Amount int64
	}
	made, err := rows[capture](ctx, l, payments, madeCaptures)
	captures := by(made, func(c capture) uuid.UUID { return c.ID })
	kept, byHand := map[uuid.UUID]int64{}, map[uuid.UUID]int64{} // by order, minor units
	for _, each := range failed {
		kept[each.OrderID] += captures[each.ID].Amount + captures[order.RestCapture(each.ID)].Amount
		byHand[each.OrderID] = each.ByHand
	}
	var found []Finding
	for _, id := range inOrder(kept) {
		if p := l.payments[id]; min(kept[id]-byHand[id], p.taken()) > 0 {
			found = append(found, Finding{id.String(), fmt.Sprintf("%d %s were taken with shipments that failed, and no refund of them is planned; %d were given back by hand", kept[id], p.Currency, byHand[id])})
		}
	}
	return len(failed), found, err
}
