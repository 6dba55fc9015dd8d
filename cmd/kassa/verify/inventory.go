package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
)

const stockInBounds = `
SELECT variant_id::text, format('on hand %s, reserved %s', on_hand, reserved)
FROM stock
WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand`

const stockReserved = `
SELECT coalesce(stock.variant_id, live.variant_id)::text,
       format('reserved %s, live reservations %s', coalesce(stock.reserved, 0), coalesce(live.units, 0))
FROM stock
FULL JOIN (
    SELECT reservation_lines.variant_id, sum(reservation_lines.quantity - reservation_lines.shipped) AS units
    FROM reservations
    JOIN reservation_lines ON reservation_lines.order_id = reservations.order_id
    WHERE reservations.status = 'held'
    GROUP BY reservation_lines.variant_id
) AS live ON live.variant_id = stock.variant_id
WHERE coalesce(stock.reserved, 0) <> coalesce(live.units, 0)`

const stockMoved = `
SELECT coalesce(stock.variant_id, moved.variant_id)::text,
       format('on hand %s, movements %s', coalesce(stock.on_hand, 0), coalesce(moved.units, 0))
FROM stock
FULL JOIN (SELECT variant_id, sum(quantity) AS units FROM movements GROUP BY variant_id) AS moved ON moved.variant_id = stock.variant_id
WHERE coalesce(stock.on_hand, 0) <> coalesce(moved.units, 0)`

// What was sold and what came back, as the movements, the parcels and the
// reservations tell it; for each order and variant all three must agree.
const stockPassed = `
WITH passed AS (
    SELECT order_id, variant_id, shipped, returned, 0::numeric AS sold, 0::numeric AS back, 0::numeric AS parcels, 0::numeric AS returns
    FROM reservation_lines
    UNION ALL
    SELECT order_id, variant_id, 0, 0,
           CASE kind WHEN 'sold' THEN -quantity ELSE 0 END, CASE kind WHEN 'return' THEN quantity ELSE 0 END, 0, 0
    FROM movements
    WHERE kind IN ('sold', 'return')
    UNION ALL
    SELECT shipments.order_id, shipment_lines.variant_id, 0, 0, 0, 0, shipment_lines.quantity, 0
    FROM shipment_lines
    JOIN shipments ON shipments.id = shipment_lines.shipment_id
    UNION ALL
    SELECT returns.order_id, return_lines.variant_id, 0, 0, 0, 0, 0, return_lines.quantity
    FROM return_lines
    JOIN returns ON returns.id = return_lines.return_id
)
SELECT order_id || ' ' || variant_id, format('shipped %s, sold %s, in parcels %s; returned %s, back %s, in returns %s',
       sum(shipped), sum(sold), sum(parcels), sum(returned), sum(back), sum(returns))
FROM passed
GROUP BY order_id, variant_id
HAVING sum(shipped) <> sum(sold) OR sum(shipped) <> sum(parcels) OR sum(returned) <> sum(back) OR sum(returned) <> sum(returns)
    OR sum(returned) > sum(shipped)`

// A reservation is shipped when nothing of it is left to ship.
const reservationsShipped = `
SELECT reservations.order_id::text, 'is ' || reservations.status || ', with units left to ship: ' || coalesce(sum(reservation_lines.quantity - reservation_lines.shipped), 0)
FROM reservations
LEFT JOIN reservation_lines ON reservation_lines.order_id = reservations.order_id
WHERE reservations.status IN ('held', 'shipped')
GROUP BY reservations.order_id, reservations.status
HAVING (reservations.status = 'shipped') <> (coalesce(sum(reservation_lines.quantity - reservation_lines.shipped), 0) = 0)`

// reservationRow is what an order holds, or held.
type reservationRow struct {
	OrderID uuid.UUID
	Status  string
	Holder  string // order or hand
	Basket  string // variants and quantities, in the words of the orders' basket
}

func (l *look) readReservations(ctx context.Context) (map[uuid.UUID]reservationRow, error) {
	all, err := rows[reservationRow](ctx, l, inventory, `
		SELECT reservations.order_id, reservations.status, reservations.holder, coalesce(baskets.basket, '')
		FROM reservations
		LEFT JOIN (
		    SELECT order_id, string_agg(quantity || ' of ' || variant_id, ', ' ORDER BY variant_id) AS basket
		    FROM reservation_lines
		    GROUP BY order_id
		) AS baskets ON baskets.order_id = reservations.order_id`)
	return by(all, func(r reservationRow) uuid.UUID { return r.OrderID }), err
}

// by is rows, found by a key of theirs.
func by[K comparable, T any](rows []T, key func(T) K) map[K]T {
	found := make(map[K]T, len(rows))
	for _, row := range rows {
		found[key(row)] = row
	}
	return found
}

// inOrder walks a map by id, so that reports are alike.
func inOrder[T any](all map[uuid.UUID]T) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(all), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
}

const (
	held    = "held"
	shipped = "shipped"
)

// reservationsWanted is I4. What was put aside by hand is nobody's order.
func reservationsWanted(_ context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	live := 0
	for _, id := range inOrder(l.reservations) {
		if r := l.reservations[id]; r.Status != held || r.Holder != "order" {
			continue
		}
		live++
		switch o, known := l.orders[id]; {
		case !known:
			found = append(found, Finding{id.String(), "stock is held for an order that does not exist"})
		case o.closed():
			found = append(found, Finding{id.String(), "stock is held although the order is " + o.Status})
		}
	}
	return live, found, nil
}

// reservationsMatch is I5. While an order is under way its reservation comes
// and goes, but never holds anything else than the order wants.
func reservationsMatch(_ context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	for _, id := range inOrder(l.orders) {
		o := l.orders[id]
		r := l.reservations[id]
		switch {
		case (r.Status == held || r.Status == shipped) && !o.closed() && r.Basket != o.Basket:
			found = append(found, Finding{id.String(), fmt.Sprintf("ordered %s; held %s", o.Basket, r.Basket)})
		case r.Status != held && r.Status != shipped && o.bought() && o.Status != refunded && !o.Refunding:
			found = append(found, Finding{id.String(), o.Status + ", but no stock is held"})
		case r.Status == held && o.bought() && o.gone():
			found = append(found, Finding{id.String(), "all of it has left, but stock is held"})
		}
	}
	return len(l.orders), found, nil
}
