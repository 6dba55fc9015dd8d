package inventory_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/inventory"
	"kassa/internal/id"
	"kassa/internal/pgtest"
	"kassa/sql/inventorydb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// warehouse is a service with stock in it.
type warehouse struct {
	*inventory.Service
	pool *pgxpool.Pool
	t    testing.TB
}

func open(t testing.TB) warehouse {
	pool := pgtest.New(t, inventorydb.Migrations())
	require.NoError(t, pool.Ping(t.Context()), "the first connection of a busy machine may take long")
	return warehouse{Service: inventory.New(pool), pool: pool, t: t}
}

// stocked makes a product with one variant of the same id.
func (w warehouse) stocked(onHand int64) uuid.UUID {
	w.t.Helper()
	product := id.New()
	_, err := w.SetStock(ctx(w.t), inventory.SetStockInput{
		ProductID: product, IfVersion: 1, Variants: []inventory.StockCount{{VariantID: product, OnHand: onHand}},
	})
	require.NoError(w.t, err)
	return product
}

// level is on hand and reserved.
func (w warehouse) level(product uuid.UUID) [2]int64 {
	w.t.Helper()
	stock, err := w.ReadStock(ctx(w.t), inventory.ReadStockInput{ProductID: product})
	require.NoError(w.t, err)
	require.Len(w.t, stock.Variants, 1)
	return [2]int64{stock.Variants[0].OnHand, stock.Variants[0].Reserved}
}

// told lists the types of the events about a subject, oldest first.
func (w warehouse) told(subject uuid.UUID) []string {
	w.t.Helper()
	rows, err := w.pool.Query(ctx(w.t), "SELECT type FROM outbox WHERE subject = $1 ORDER BY sequence", subject.String())
	require.NoError(w.t, err)
	var types []string
	for rows.Next() {
		var typ string
		require.NoError(w.t, rows.Scan(&typ))
		types = append(types, typ)
	}
	require.NoError(w.t, rows.Err())
	return types
}

// sound fails the test unless every invariant of reliability holds, in one snapshot.
func (w warehouse) sound() {
	w.t.Helper()
	for name, query := range map[string]string{
		"0 ≤ reserved ≤ on hand": `SELECT count(*) FROM stock WHERE NOT (0 <= reserved AND reserved <= on_hand)`,
		"reserved = Σ held lines": `SELECT count(*) FROM stock WHERE reserved <> (
			SELECT coalesce(sum(quantity - shipped), 0) FROM reservation_lines JOIN reservations USING (order_id)
			WHERE reservation_lines.variant_id = stock.variant_id AND status = 'held')`,
		"on hand = Σ movements": `SELECT count(*) FROM stock WHERE on_hand <> (
			SELECT coalesce(sum(quantity), 0) FROM movements WHERE movements.variant_id = stock.variant_id)`,
		"sold = Σ shipments = Σ shipped": `SELECT count(*) FROM reservation_lines l WHERE shipped <> (
			SELECT coalesce(-sum(quantity), 0) FROM movements m WHERE kind = 'sold' AND m.order_id = l.order_id AND m.variant_id = l.variant_id)
			OR shipped <> (SELECT coalesce(sum(s.quantity), 0) FROM shipment_lines s JOIN shipments ON shipments.id = shipment_id
				WHERE shipments.order_id = l.order_id AND s.variant_id = l.variant_id)`,
		"back = Σ returns = Σ returned": `SELECT count(*) FROM reservation_lines l WHERE returned <> (
			SELECT coalesce(sum(quantity), 0) FROM movements m WHERE kind = 'return' AND m.order_id = l.order_id AND m.variant_id = l.variant_id)
			OR returned <> (SELECT coalesce(sum(s.quantity), 0) FROM return_lines s JOIN returns ON returns.id = return_id
				WHERE returns.order_id = l.order_id AND s.variant_id = l.variant_id)`,
		"shipped ⇔ nothing left": `SELECT count(*) FROM reservations r WHERE status <> 'released' AND (status = 'shipped') <> NOT EXISTS (
			SELECT FROM reservation_lines l WHERE l.order_id = r.order_id AND shipped < quantity)`,
		"every change of a stock has its event": `SELECT count(*) FROM stock WHERE version <> (SELECT count(*) FROM outbox WHERE subject = variant_id::text)`,
		"every state has its event": `SELECT count(*) FROM reservations r WHERE EXISTS (SELECT FROM reservation_lines l WHERE l.order_id = r.order_id)
			AND version <> (SELECT count(*) FROM outbox WHERE subject = r.order_id::text)`,
	} {
		var violations int
		require.NoError(w.t, w.pool.QueryRow(context.WithoutCancel(ctx(w.t)), query).Scan(&violations), name)
		require.Zero(w.t, violations, name)
	}
}

func line(variant uuid.UUID, quantity int64) inventory.StockLine {
	return inventory.StockLine{VariantID: variant, Quantity: quantity}
}

func order(lines ...inventory.StockLine) inventory.ReserveStockInput {
	return inventory.ReserveStockInput{OrderID: id.New(), Lines: lines}
}

func ctx(t testing.TB) context.Context { return t.Context() }
