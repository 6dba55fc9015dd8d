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
    SELECT reservation_lines.variant_id, sum(reservation_lines.quantity) AS units
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

// reservationRow is what an order holds, or held.
type reservationRow struct {
	OrderID uuid.UUID
	Status  string
	Basket  string // variants and quantities, in the words of the orders' basket
}

func (l *look) readReservations(ctx context.Context) (map[uuid.UUID]reservationRow, error) {
	all, err := rows[reservationRow](ctx, l, inventory, `
		SELECT reservations.order_id, reservations.status, coalesce(baskets.basket, '')
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

const held = "held"

// reservationsWanted is I4.
func reservationsWanted(_ context.Context, l *look) (int, []Finding, error) {
	var found []Finding
	live := 0
	for _, id := range inOrder(l.reservations) {
		if l.reservations[id].Status != held {
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
		case r.Status == held && !o.closed() && r.Basket != o.Basket:
			found = append(found, Finding{id.String(), fmt.Sprintf("ordered %s; held %s", o.Basket, r.Basket)})
		case r.Status != held && o.bought() && !o.gone() && o.Status != refunded && !o.Refunding:
			found = append(found, Finding{id.String(), o.Status + ", but no stock is held"})
		}
	}
	return len(l.orders), found, nil
}
