// Package pgtest gives each test a Postgres database of its own: a clone of a
// template that was migrated once.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// which starts a private server (durability off) for the package's tests, or
// uses the one that KASSA_TEST_POSTGRES names. What a production database may take
// at most is longer here (see pg.Patient and on): a busy machine fails no test.
package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/internal/localstack/postgres"
	"kassa/internal/pg"
)

var (
	adminURL string // of the database "postgres" as its superuser
	template sync.Mutex
)

// Main runs the package's tests beside a Postgres server and exits.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	pg.Patient()
	if adminURL = os.Getenv("KASSA_TEST_POSTGRES"); adminURL != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	server, err := postgres.Start(ctx, postgres.Config{Dir: dir})
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	defer func() { _ = server.Stop(context.Background()) }()
	adminURL = server.URL("postgres", "postgres")
	return m.Run()
}

// New makes a database migrated by files and a pool on it. Both go with the test.
func New(t testing.TB, files fs.FS) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(URL(t, files), 16)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	require.NoError(t, pool.Ping(t.Context())) // the first connection is not what a test measures
	return pool
}

// URL makes a database migrated by files and answers its URL.
func URL(t testing.TB, files fs.FS) string {
	t.Helper()
	require.NotEmpty(t, adminURL, "TestMain must call pgtest.Main")
	source := migrated(t, files)
	name := "t_" + hex.EncodeToString(uuidBytes())
	admin(t, "CREATE DATABASE "+name+" TEMPLATE "+source)
	t.Cleanup(func() { admin(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return on(t, name)
}

// migrated answers the name of the template for files, made at first use.
func migrated(t testing.TB, files fs.FS) string {
	t.Helper()
	template.Lock()
	defer template.Unlock()
	name := "template_" + digest(t, files)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, adminURL)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Other test processes may share the server: one of them makes the template.
	_, err = conn.Exec(ctx, "SELECT pg_advisory_lock(4242)")
	require.NoError(t, err)
	var exists bool
	require.NoError(t, conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists))
	if !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+name+"_new")
		require.NoError(t, err)
		require.NoError(t, pg.Migrate(ctx, on(t, name+"_new"), files))
		_, err = conn.Exec(ctx, "ALTER DATABASE "+name+"_new RENAME TO "+name)
		require.NoError(t, err)
	}
	return name
}

func admin(t testing.TB, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, adminURL)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	require.NoError(t, err)
}

// on is the URL of another database of the same server, with time-outs (ms) for a
// busy machine.
func on(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(adminURL)
	require.NoError(t, err)
	u.Path = "/" + database
	limits := u.Query()
	limits.Set("statement_timeout", "30000")
	limits.Set("lock_timeout", "10000")
	limits.Set("idle_in_transaction_session_timeout", "30000")
	u.RawQuery = limits.Encode()
	return u.String()
}

func digest(t testing.TB, files fs.FS) string {
	t.Helper()
	sum := sha256.New()
	require.NoError(t, fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		sum.Write([]byte(path))
		sum.Write(content)
		return err
	}))
	return hex.EncodeToString(sum.Sum(nil)[:10])
}

func uuidBytes() []byte {
	random := uuid.New()
	return random[:]
}
