package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"kassa/internal/localstack"
	pgserver "kassa/internal/localstack/postgres"
)

// copies is a table whose rows are copied with the orders they belong to.
type copies struct {
	database, table string
	of              string            // which rows: a condition; models are the orders, with their payments
	as              map[string]string // how a column is copied, when not as its type says; "" leaves it to its default
}

// books are what is kept for ever of an order, in the databases that a checkout
// waits for. Copies are so old that their events and sagas are forgotten.
var books = []copies{
	{"orders", "orders", "id IN (SELECT id FROM models)", map[string]string{"number": "", "idempotency_key": early("idempotency_key"), "confirmed_at": "updated_at - age"}},
	{"orders", "order_lines", "order_id IN (SELECT id FROM models)", nil},
	{"orders", "order_events", "order_id IN (SELECT id FROM models)", map[string]string{
		"data": earlyDocument("data", "jsonb") + " || CASE type WHEN 'order.confirmed' THEN jsonb_build_object('confirmed_at', at - age) ELSE '{}' END",
	}},
	{"inventory", "reservations", "order_id IN (SELECT id FROM models)", nil},
	{"inventory", "reservation_lines", "order_id IN (SELECT id FROM models)", nil},
	{"payments", "payments", "order_id IN (SELECT id FROM models)", map[string]string{"provider_payment_id": theirs("provider_payment_id")}},
	{"payments", "attempts", "payment_id IN (SELECT payment_id FROM models)", map[string]string{"key": early("key"), "provider_id": theirs("provider_id")}},
	{"payments", "transactions", "payment_id IN (SELECT payment_id FROM models)", map[string]string{"provider_id": theirs("provider_id")}},
	{"payments", "ledger_entries", "payment_id IN (SELECT payment_id FROM models)", map[string]string{"sequence": "", "previous_hash": "", "hash": ""}},
	{"payments", "ledger_postings", "entry_id IN (SELECT id FROM ledger_entries WHERE payment_id IN (SELECT payment_id FROM models))", nil},
	{"payments", "webhooks", "order_id IN (SELECT id FROM models)", map[string]string{"id": theirs("id"), "provider_payment_id": theirs("provider_payment_id"), "payload": "'{}'"}},
	{"psp", "payment_intents", "order_id IN (SELECT id::text FROM models)", map[string]string{
		"id": theirs("id"), "seq": "", "order_id": early("order_id"), "latest_charge": theirs("latest_charge"),
	}},
	{"psp", "charges", ofIntents, map[string]string{"id": theirs("id"), "seq": "", "intent_id": theirs("intent_id")}},
	{"psp", "ledger_entries", ofIntents, map[string]string{"id": "", "intent_id": theirs("intent_id"), "charge_id": theirs("charge_id")}},
}

const ofIntents = "intent_id IN (SELECT id FROM payment_intents WHERE order_id IN (SELECT id::text FROM models))"

// A copy's ids differ from the model's in their time, the first 13 characters of a UUIDv7.
func early(id string) string { return "time || substr(" + id + ", 14)" }

// theirs is an id that the provider gave.
func theirs(id string) string { return id + " || time" }

// A document's ids of what is copied are marked in the model, once; nothing else
// in a document is a control character.
func markedDocument(column string) string {
	return `regexp_replace(` + column + `::text, '"(id|order_id|payment_id)":( ?)"[0-9a-f]{8}-[0-9a-f]{4}', E'"\\1":\\2"\x01', 'g') AS ` + column
}

func earlyDocument(column, kind string) string {
	return "replace(" + column + ", E'\\x01', time)::" + kind
}

// What copies of rows do not change by themselves: stock that is reserved, and
// the ledger's chain.
var afterCopying = map[string]string{
	"inventory": `
UPDATE stock
SET reserved = held.quantity
FROM (
    SELECT variant_id, sum(quantity) AS quantity
    FROM reservation_lines
    JOIN reservations USING (order_id)
    WHERE status = 'held'
    GROUP BY variant_id
) AS held
WHERE stock.variant_id = held.variant_id`,
	"payments": "DO $$ BEGIN WHILE seal_ledger(10000) > 0 LOOP COMMIT; END LOOP; END $$",
}

// model is an order that is copied.
type model struct{ id, payment string }

// models are the newest orders: those of the warm-up, which the customers usually make.
func models(ctx context.Context, a localstack.Addresses) (all []model, err error) {
	err = at(ctx, a, "orders", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT id::text, payment_id::text FROM orders WHERE status = 'confirmed' ORDER BY id DESC LIMIT 100")
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m model, err error) { return m, row.Scan(&m.id, &m.payment) })
		return err
	})
	return all, err
}

// grow copies orders until there are so many, each with ids and times of its own.
func grow(ctx context.Context, a localstack.Addresses, models []model, wanted int) (orders int, took time.Duration, err error) {
	begin := time.Now()
	err = at(ctx, a, "orders", func(conn *pgx.Conn) error { return conn.QueryRow(ctx, "SELECT count(*) FROM orders").Scan(&orders) })
	times := 0
	if len(models) > 0 {
		times = (wanted - orders) / len(models)
	}
	if err != nil || times <= 0 {
		return orders, 0, err
	}
	copying, copyingCtx := errgroup.WithContext(ctx)
	for _, database := range []string{"orders", "inventory", "payments", "psp"} {
		copying.Go(func() error {
			err := at(copyingCtx, a, database, func(conn *pgx.Conn) error {
				return copyBooks(copyingCtx, conn, database, models, begin.Add(-forgotten), times)
			})
			if err != nil {
				return fmt.Errorf("copy orders in %s: %w", database, err)
			}
			return nil
		})
	}
	if err := copying.Wait(); err != nil {
		return orders, 0, err
	}
	err = at(ctx, a, "orders", func(conn *pgx.Conn) error { // so that the measure does not pay for it
		_, err := conn.Exec(ctx, "CHECKPOINT")
		return err
	})
	return orders + times*len(models), time.Since(begin), err
}

// forgotten is how old an order's events and sagas do not get.
const forgotten = 15 * 24 * time.Hour

// copyBooks copies all models so often in one database, a second earlier each time.
// Copies of what is whole are whole: neither foreign keys nor triggers have anything to find.
func copyBooks(ctx context.Context, conn *pgx.Conn, database string, models []model, newest time.Time, times int) error {
	var ids, payments []string
	for _, m := range models {
		ids, payments = append(ids, m.id), append(payments, m.payment)
	}
	for _, statement := range []string{
		"SET statement_timeout = 0", "SET synchronous_commit = off", "SET session_replication_role = replica",
		"CREATE TEMPORARY TABLE models (id uuid, payment_id uuid)", "CREATE TEMPORARY TABLE copies (age interval, time text)",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, "INSERT INTO models SELECT unnest($1::uuid[]), unnest($2::uuid[])", ids, payments); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `
INSERT INTO copies
SELECT now() - moment, overlay(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0)
FROM generate_series($1::timestamptz - $2 * interval '1 s', $1::timestamptz - interval '1 s', '1 s') AS moment`, newest, times)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { // or the ledger would be sealed before it has its postings
		for _, c := range books {
			if c.database != database {
				continue
			}
			statement, err := c.statement(ctx, tx)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", c.table, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, statement := range []string{afterCopying[database], "VACUUM ANALYZE"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// people and goods stay the same in a copy.
var same = map[string]bool{"user_id": true, "variant_id": true, "product_id": true, "actor_id": true, "cart_id": true}

// statement inserts the copies, the oldest first. The models are read once: without
// MATERIALIZED they would be looked for among all copies made so far, for each copy.
func (c copies) statement(ctx context.Context, tx pgx.Tx) (string, error) {
	rows, err := tx.Query(ctx, `SELECT column_name, data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`, c.table)
	if err != nil {
		return "", err
	}
	var read, columns, values []string
	var column, kind string
	_, err = pgx.ForEachRow(rows, []any{&column, &kind}, func() error {
		original, value := column, column
		switch kind {
		case "uuid":
			if !same[column] {
				value = "(" + early(column+"::text") + ")::uuid"
			}
		case "timestamp with time zone":
			value = column + " - age"
		case "json", "jsonb":
			original, value = markedDocument(column), earlyDocument(column, kind)
		}
		if special, is := c.as[column]; is {
			value = special
		}
		read = append(read, original)
		if value != "" {
			columns, values = append(columns, column), append(values, value)
		}
		return nil
	})
	return fmt.Sprintf("WITH model AS MATERIALIZED (SELECT %s FROM %s WHERE %s) INSERT INTO %s (%s) SELECT %s FROM copies, model",
		strings.Join(read, ", "), c.table, c.of, c.table, strings.Join(columns, ", "), strings.Join(values, ", ")), err
}

// at does something in a database, as the superuser.
func at(ctx context.Context, a localstack.Addresses, database string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, a.DatabaseURL(database, pgserver.Superuser))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}
