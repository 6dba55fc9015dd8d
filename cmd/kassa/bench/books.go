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
	of              string            // which rows: a condition; models are the orders, paid their payments
	as              map[string]string // how a column is copied, when not as its type says; "" leaves it to its default
}

// books are what grows with every order in the databases that a checkout waits for.
var books = []copies{
	{"orders", "orders", "id IN (SELECT id FROM models)", map[string]string{"number": "", "idempotency_key": "idempotency_key || '-' || nth"}},
	{"orders", "order_lines", "order_id IN (SELECT id FROM models)", nil},
	{"orders", "order_events", "order_id IN (SELECT id FROM models)", nil},
	{"orders", "outbox", "subject IN (SELECT id::text FROM models)", told},
	{"orders", "inbox", "subject IN (SELECT payment_id::text FROM models)", told},
	{"orders", "inbox_heads", "subject IN (SELECT payment_id::text FROM models)", told},
	{"inventory", "reservations", "order_id IN (SELECT id FROM models)", nil},
	{"inventory", "reservation_lines", "order_id IN (SELECT id FROM models)", nil},
	{"inventory", "outbox", "subject IN (SELECT id::text FROM models)", told},
	{"payments", "payments", "order_id IN (SELECT id FROM models)", map[string]string{"provider_payment_id": "provider_payment_id || '-' || nth"}},
	{"payments", "attempts", "payment_id IN (SELECT payment_id FROM models)", map[string]string{"key": "key || '-' || nth"}},
	{"payments", "transactions", "payment_id IN (SELECT payment_id FROM models)", nil},
	{"payments", "ledger_entries", "payment_id IN (SELECT payment_id FROM models)", map[string]string{
		"sequence": "(SELECT sequence FROM ledger_head) + row_number() OVER ()",
	}},
	{"payments", "ledger_postings", "entry_id IN (SELECT id FROM ledger_entries WHERE payment_id IN (SELECT payment_id FROM models))", nil},
	{"payments", "webhooks", "order_id IN (SELECT id FROM models)", map[string]string{"id": "id || '-' || nth"}},
	{"payments", "outbox", "subject IN (SELECT payment_id::text FROM models)", told},
}

// An event's subject is the id of what it is about.
var told = map[string]string{"position": "", "subject": "pg_temp.copied(subject::uuid, nth)::text"}

// What copies of rows do not change by themselves: stock that is reserved, and
// where the ledger goes on. The chain of its hashes does not hold over copies.
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
	"payments": "UPDATE ledger_head SET sequence = (SELECT max(sequence) FROM ledger_entries)",
}

// copied makes the n-th copy of an id: a UUIDv7 that is n seconds older.
const copied = `
CREATE OR REPLACE FUNCTION pg_temp.copied(original uuid, nth integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT overlay(md5(original::text || nth) PLACING
        lpad(to_hex(('x' || left(replace(original::text, '-', ''), 12))::bit(48)::bigint - nth * 1000::bigint), 12, '0') || '7' FROM 1 FOR 13)::uuid
$$`

// models is how many orders are copied.
const models = 100

// grow copies confirmed orders until there are so many. Everything but people and
// goods gets an id of its own, and a time of its own.
func grow(ctx context.Context, a localstack.Addresses, wanted int) (orders int, took time.Duration, err error) {
	begin := time.Now()
	var ids, paid []string
	err = at(ctx, a, "orders", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT id::text, payment_id::text FROM orders WHERE status = 'confirmed' ORDER BY id DESC LIMIT $1", models)
		if err != nil {
			return err
		}
		var id, payment string
		if _, err = pgx.ForEachRow(rows, []any{&id, &payment}, func() error { ids, paid = append(ids, id), append(paid, payment); return nil }); err != nil {
			return err
		}
		return conn.QueryRow(ctx, "SELECT count(*) FROM orders").Scan(&orders)
	})
	times := 0
	if len(ids) > 0 {
		times = (wanted - orders) / len(ids)
	}
	if err != nil || times <= 0 {
		return orders, 0, err
	}
	copying, ctx := errgroup.WithContext(ctx)
	for _, database := range []string{"orders", "inventory", "payments"} {
		copying.Go(func() error {
			err := at(ctx, a, database, func(conn *pgx.Conn) error { return copyBooks(ctx, conn, database, ids, paid, orders, times) })
			if err != nil {
				return fmt.Errorf("copy orders in %s: %w", database, err)
			}
			return nil
		})
	}
	if err := copying.Wait(); err != nil {
		return orders, 0, err
	}
	return orders + times*len(ids), time.Since(begin), nil
}

// copyBooks makes the copies after the first ones, in one database. Triggers and
// foreign keys would take most of the time and find nothing: copies of what is whole
// are whole.
func copyBooks(ctx context.Context, conn *pgx.Conn, database string, ids, paid []string, after, times int) error {
	for _, statement := range []string{
		"SET statement_timeout = 0", "SET synchronous_commit = off", "SET session_replication_role = replica", copied,
		"CREATE TEMPORARY TABLE models (id uuid, payment_id uuid)",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, "INSERT INTO models SELECT unnest($1::uuid[]), unnest($2::uuid[])", ids, paid); err != nil {
		return err
	}
	for _, c := range books {
		if c.database != database {
			continue
		}
		statement, err := c.statement(ctx, conn)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, statement, after+times, after+1); err != nil {
			return fmt.Errorf("%s: %w", c.table, err)
		}
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

// statement inserts the copies from $1 down to $2, the oldest first.
func (c copies) statement(ctx context.Context, conn *pgx.Conn) (string, error) {
	rows, err := conn.Query(ctx, `SELECT column_name, data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`, c.table)
	if err != nil {
		return "", err
	}
	var columns, values []string
	var column, kind string
	_, err = pgx.ForEachRow(rows, []any{&column, &kind}, func() error {
		value, special := c.as[column]
		switch {
		case special:
		case kind == "uuid" && !same[column]:
			value = "pg_temp.copied(" + column + ", nth)"
		case kind == "timestamp with time zone":
			value = column + " - nth * interval '1 s'"
		default:
			value = column
		}
		if value != "" {
			columns, values = append(columns, column), append(values, value)
		}
		return nil
	})
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM generate_series($1::integer, $2::integer, -1) AS nth, LATERAL (SELECT * FROM %s WHERE %s) AS model",
		c.table, strings.Join(columns, ", "), strings.Join(values, ", "), c.table, c.of), err
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
