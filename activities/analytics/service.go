package analytics

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/pg"
	"kassa/sql/analyticsdb"
)

// Queue is the task queue of the analytics service.
const Queue = "analytics"

// Service is the analytics service's operations over its own database.
type Service struct {
	pool *pgxpool.Pool
}

// New makes the service on its database.
func New(pool *pgxpool.Pool) *Service { return &Service{pool: pool} }

// ask runs one statement.
func (s *Service) ask(ctx context.Context, f func(db *analyticsdb.Queries) error) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error { return f(analyticsdb.New(conn)) })
}

// report runs one statement that may read a lot, in a transaction that allows it
// to take longer than what a customer waits for.
func (s *Service) report(ctx context.Context, f func(db *analyticsdb.Queries) error) error {
	return pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = '8s'"); err != nil {
			return err
		}
		return f(analyticsdb.New(tx))
	})
}

// now is the present in the precision that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
