package payment

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/pg"
)

// batch collects statements of generated queries. They are sent in one round
// trip and are one transaction: Postgres commits when it has reached the end,
// and undoes all when one fails.
type batch struct{ pgx.Batch }

// Exec puts off a statement that answers nothing.
func (b *batch) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	b.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// Query is refused: a statement that answers cannot be put off.
func (b *batch) Query(context.Context, string, ...any) (pgx.Rows, error) {
	return nil, errors.New("a batch answers no rows")
}

// QueryRow is refused like Query, by the row.
func (b *batch) QueryRow(context.Context, string, ...any) pgx.Row { return noRow{} }

type noRow struct{}

func (noRow) Scan(...any) error { return errors.New("a batch answers no rows") }

// send runs the statements.
func (b *batch) send(ctx context.Context, pool *pgxpool.Pool) error {
	return pg.Conn(ctx, pool, func(conn *pgx.Conn) error {
		if err := conn.SendBatch(ctx, &b.Batch).Close(); err != nil {
			return fmt.Errorf("send batch: %w", err)
		}
		return nil
	})
}
