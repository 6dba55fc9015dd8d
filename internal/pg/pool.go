package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kassa/internal/failpoint"
)

// acquireWithin bounds the wait for a connection, so that a slow database
// answers 503 quickly instead of piling up requests.
var acquireWithin = 250 * time.Millisecond

// openWithin bounds the opening of a connection, which on a busy machine takes
// longer than waiting for one that is open.
var openWithin = 2 * time.Second

// Patient makes this process wait 10 s for a connection and 30 s for the opening
// of one. It is for tests, which are not about a machine's speed, and is called
// before them.
func Patient() { acquireWithin, openWithin = 10*time.Second, 30*time.Second }

// Open makes a pool of at most size connections (0 means 16). It does not
// connect yet: a database that is down at start is reported by /ready and by
// each request, and used as soon as it is there. url is a postgres:// URL; a
// malformed one is the only error.
func Open(url string, size int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	if size <= 0 {
		size = 16
	}
	cfg.MaxConns = size
	cfg.MinConns = size / 2 // a burst must not spend its 250 ms on making connections
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 15 * time.Second
	cfg.ConnConfig.ConnectTimeout = openWithin
	params := cfg.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"statement_timeout":                   "2000",
		"lock_timeout":                        "500",
		"idle_in_transaction_session_timeout": "5000",
		"timezone":                            "UTC",
	} {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
	cfg.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableConnectionDetailsInAttributes())
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		registerUUID(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	return pool, nil
}

// InTx runs fn in one transaction and commits it when fn answers nil. What the
// database itself refuses (no connection, time-out, deadlock) comes back as
// fault.ErrUnavailable; a fault that fn returns comes back as it is.
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	return withConn(ctx, pool, func(conn *pgxpool.Conn) error {
		return pgx.BeginFunc(ctx, conn, fn)
	})
}

// Conn runs fn with one connection and no explicit transaction: for a single
// statement, or a single batch, which Postgres runs as one transaction.
func Conn(ctx context.Context, pool *pgxpool.Pool, fn func(conn *pgx.Conn) error) error {
	return withConn(ctx, pool, func(conn *pgxpool.Conn) error { return fn(conn.Conn()) })
}

func withConn(ctx context.Context, pool *pgxpool.Pool, fn func(conn *pgxpool.Conn) error) error {
	conn, err := acquire(ctx, pool, acquireWithin)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && pool.Stat().ConstructingConns() > 0 {
		conn, err = acquire(ctx, pool, openWithin) // not a crowd, only a connection that is still being opened
	}
	if err != nil {
		return Fault(fmt.Errorf("acquire connection: %w", err))
	}
	defer conn.Release()
	if err := fn(conn); err != nil {
		return Fault(err)
	}
	return failpoint.Hit(ctx, failpoint.Commit)
}

func acquire(ctx context.Context, pool *pgxpool.Pool, within time.Duration) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return pool.Acquire(ctx)
}
