package postgres_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kassa/internal/localstack/postgres"
)

func start(t *testing.T, cfg postgres.Config) *postgres.Server {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	server, err := postgres.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	})
	return server
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestServer(t *testing.T) {
	t.Run("survives kill -9 with everything that was committed", func(t *testing.T) {
		restarts := make(chan error, 10)
		server := start(t, postgres.Config{
			Dir:       t.TempDir(),
			Durable:   true,
			Password:  func(role string) string { return "secret of " + role },
			Restarted: func(cause error) { restarts <- cause },
		})
		url := server.URL("postgres", postgres.Superuser)
		conn := connect(t, url)
		_, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 42 AS answer")
		require.NoError(t, err)

		if os.Geteuid() == 0 {
			info, err := os.Stat("/proc/" + strconv.Itoa(server.Pid()))
			require.NoError(t, err)
			require.NotZero(t, info.Sys().(*syscall.Stat_t).Uid, "the server runs as root")
		}

		require.NoError(t, server.Kill())
		require.Error(t, <-restarts)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		require.NoError(t, server.Wait(ctx))
		var answer int
		require.NoError(t, connect(t, url).QueryRow(t.Context(), "SELECT answer FROM kept").Scan(&answer))
		require.Equal(t, 42, answer)
	})

	t.Run("refuses a second server on the same directory", func(t *testing.T) {
		dir := t.TempDir()
		start(t, postgres.Config{Dir: dir})
		_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Log: io.Discard})
		require.ErrorIs(t, err, postgres.ErrInUse)
	})
}

func TestServerRefuses(t *testing.T) {
	t.Run("a data directory of another major version", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600))
		_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Log: io.Discard})
		require.ErrorContains(t, err, "was made by Postgres 9")
		require.ErrorContains(t, err, "kassa reset")
	})

	t.Run("a port that is taken", func(t *testing.T) {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		port := listener.Addr().(*net.TCPAddr).Port
		_, err = postgres.Start(t.Context(), postgres.Config{Dir: t.TempDir(), Port: port, Log: io.Discard})
		var taken *postgres.PortTakenError
		require.ErrorAs(t, err, &taken)
		require.Equal(t, port, taken.Port)
	})
}
