package order

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// Queue is the task queue of the order worker, which also hosts the sagas.
const Queue = "order"

// source names the service in its events.
const source = "order"

// Service is the order service over its own database.
type Service struct {
	pool *pgxpool.Pool
	news *News
}

// New makes the service, which tells news of the orders it moves.
func New(pool *pgxpool.Pool, news *News) *Service { return &Service{pool: pool, news: news} }

// now is the present, as precise as the database keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// read runs fn with the queries on one connection, without a transaction.
func (s *Service) read(ctx context.Context, fn func(q *orderdb.Queries) error) error {
	return pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error { return fn(orderdb.New(conn)) })
}

// document writes what goes into a jsonb column.
func document(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("order document: %v", err)) // a bug in the type
	}
	return out
}

func pointer[T any](v T) *T { return &v }
