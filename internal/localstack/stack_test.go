package localstack

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// launcherDir, when set, makes the test binary a launcher that waits to be killed.
const launcherDir = "KASSA_TEST_LAUNCHER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(launcherDir); dir != "" {
		if _, err := Start(context.Background(), Options{StateDir: dir, FreePorts: true, Only: []string{namePostgres}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "started")
		select {}
	}
	os.Exit(m.Run())
}

func startStack(t *testing.T, o Options) *Stack {
	t.Helper()
	o.FreePorts = true
	stack, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
		defer cancel()
		require.NoError(t, stack.Stop(ctx))
	})
	return stack
}

func TestStack(t *testing.T) {
	dir := t.TempDir()
	stack := startStack(t, Options{StateDir: dir, Only: []string{namePostgres, nameNATS}})
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()

	t.Run("lets a role open its own database only", func(t *testing.T) {
		conn, err := pgx.Connect(ctx, stack.DatabaseURL("orders", "orders"))
		require.NoError(t, err)
		_, err = conn.Exec(ctx, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
		require.NoError(t, err)
		require.NoError(t, conn.Close(ctx))

		_, err = pgx.Connect(ctx, stack.DatabaseURL("payments", "orders"))
		require.ErrorContains(t, err, "permission denied")
	})

	t.Run("lets the verifier read every database and change none", func(t *testing.T) {
		conn, err := pgx.Connect(ctx, stack.DatabaseURL("orders", RoleVerify))
		require.NoError(t, err)
		defer conn.Close(ctx)
		var id int
		require.NoError(t, conn.QueryRow(ctx, "SELECT id FROM kept").Scan(&id))
		_, err = conn.Exec(ctx, "DELETE FROM kept")
		require.ErrorContains(t, err, "permission denied")
	})

	t.Run("brings killed components back", func(t *testing.T) {
		for _, name := range stack.Names() {
			require.NoError(t, stack.Kill(name))
			require.NoError(t, stack.WaitReady(ctx, name))
		}
		conn, err := pgx.Connect(ctx, stack.DatabaseURL("orders", "orders"))
		require.NoError(t, err)
		require.NoError(t, conn.Close(ctx))
		bus, err := nats.Connect(stack.Addresses().NATS)
		require.NoError(t, err)
		bus.Close()
	})

	t.Run("starts NATS again when it is not well", func(t *testing.T) {
		found, err := stack.component(nameNATS)
		require.NoError(t, err)
		c := found.(*natsComponent)
		c.mu.Lock()
		c.current.Shutdown()
		require.NotEmpty(t, c.broken())
		c.mu.Unlock()
		require.NoError(t, stack.WaitReady(ctx, nameNATS))
		bus, err := nats.Connect(stack.Addresses().NATS)
		require.NoError(t, err)
		bus.Close()
	})

	t.Run("tells other commands where it answers", func(t *testing.T) {
		found, err := Running(dir)
		require.NoError(t, err)
		require.Equal(t, stack.Addresses(), found)
	})

	t.Run("keeps its secrets to its owner", func(t *testing.T) {
		for _, path := range []string{"secrets/development.json", "run/platform.json"} {
			info, err := os.Stat(filepath.Join(dir, path))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
	})

	t.Run("refuses a second launcher", func(t *testing.T) {
		_, err := Start(ctx, Options{StateDir: dir, FreePorts: true, Only: []string{namePostgres}})
		var running *AlreadyRunningError
		require.ErrorAs(t, err, &running)
		require.Equal(t, os.Getpid(), running.Pid)
	})
}

func TestStartRefusesATakenPort(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port

	err = portPlan{}.take(Options{}, "gateway", port)
	var taken *PortTakenError
	require.ErrorAs(t, err, &taken)
	require.Equal(t, port, taken.Port)
	require.ErrorContains(t, err, "--free-ports")
}

func TestStartAfterTheLauncherWasKilled(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	first := exec.CommandContext(t.Context(), self)
	first.Env = append(os.Environ(), launcherDir+"="+dir)
	output := &lockedBuffer{}
	first.Stderr = output
	require.NoError(t, first.Start())
	require.Eventually(t, func() bool { return strings.Contains(output.String(), "started") }, 120*time.Second, 10*time.Millisecond, "%s", output)
	require.NoError(t, first.Process.Kill())
	_ = first.Wait()

	// A child the kernel did not end, and a process that merely got the id of one.
	orphan, bystander := sleeper(t), sleeper(t)
	require.NoError(t, writeRecord(dir, "orphan", orphan.Process.Pid))
	require.NoError(t, writeJSON(recordFile(dir, "bystander"), record{Pid: bystander.Process.Pid, Started: "long ago"}))

	startStack(t, Options{StateDir: dir, Only: []string{namePostgres}})
	require.ErrorContains(t, orphan.Wait(), "killed")
	require.NoError(t, bystander.Process.Signal(syscall.Signal(0)))
}

// sleeper is a process that does nothing, in a group of its own.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// lockedBuffer is a buffer that may be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
