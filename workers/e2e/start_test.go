package e2e

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/localstack/freeport"
)

// workers are our programs, and the variables without which they do not start.
var workers = map[string][]string{
	"user":      {"KASSA_LISTEN", "KASSA_DATABASE_URL", "KASSA_SIGNING_KEYS"},
	"product":   {"KASSA_LISTEN", "KASSA_DATABASE_URL"},
	"inventory": {"KASSA_LISTEN", "KASSA_DATABASE_URL"},
	"order":     {"KASSA_LISTEN", "KASSA_DATABASE_URL"},
	"payment":   {"KASSA_LISTEN", "KASSA_DATABASE_URL", "KASSA_STRIPE_KEY"},
	"gateway":   {"KASSA_LISTEN"},
}

// program is a worker with nothing but the given environment.
func program(t *testing.T, name string, environment ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(programs(), name)) //nolint:gosec // ours
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment, &said, &said
	return cmd, &said
}

// programs is the folder that the platform's programs run from.
func programs() string {
	return cmp.Or(os.Getenv("KASSA_BIN_DIR"), filepath.Join(state, "bin"))
}

func TestAWorkerSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	for name, wanted := range workers {
		t.Run(name, func(t *testing.T) {
			cmd, said := program(t, name)
			require.Error(t, cmd.Run())
			require.Equal(t, 2, cmd.ProcessState.ExitCode(), said)
			for _, variable := range wanted {
				require.Contains(t, said.String(), "\n  - "+variable+" is not set", "each with how to mend it")
			}
		})
	}
	t.Run("and what makes no sense in it", func(t *testing.T) {
		cmd, said := program(t, "gateway", "KASSA_LISTEN=8080", "KASSA_LOG_LEVEL=loud", "KASSA_JWKS_URL=nowhere", "KASSA_ORDER_URL=order:4005")
		require.Error(t, cmd.Run())
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), said)
		for _, variable := range []string{"KASSA_LISTEN", "KASSA_LOG_LEVEL", "KASSA_JWKS_URL", "KASSA_ORDER_URL"} {
			require.Contains(t, said.String(), "\n  - "+variable+" must be", "all of it at once")
		}
	})
	t.Run("and takes no development values into production", func(t *testing.T) {
		cmd, said := program(t, "order", "KASSA_ENV=production", "KASSA_LISTEN=127.0.0.1:0", "KASSA_DATABASE_URL=postgres://orders:secret@127.0.0.1/orders?sslmode=disable")
		require.Error(t, cmd.Run())
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), said)
		require.Contains(t, said.String(), "KASSA_INTERNAL_TOKEN")
		require.Contains(t, said.String(), "sslmode")
		require.NotContains(t, said.String(), "secret@")
	})
}

func TestAWorkerSaysThatItsPortIsTaken(t *testing.T) {
	taken := strings.TrimPrefix(where.Services["order"][0], "http://")
	cmd, said := program(t, "order", "KASSA_LISTEN="+taken, "KASSA_DATABASE_URL="+where.DatabaseURL("orders", "orders"))
	require.Error(t, cmd.Run())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), said)
	require.Contains(t, said.String(), "order: cannot listen on "+taken+": the port is taken")
}

func TestAWorkerWaitsForItsDatabase(t *testing.T) {
	port, err := freeport.Pick()
	require.NoError(t, err)
	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	cmd, said := program(t, "inventory", "KASSA_LISTEN="+listen, "KASSA_DATABASE_URL=postgres://inventory:secret@127.0.0.1:1/inventory", "KASSA_TEMPORAL_ADDRESS="+where.Temporal,
		"KASSA_NATS_URL="+where.NATS)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var r reply
	require.Eventually(t, func() bool {
		r, err = ask{method: http.MethodGet, path: "/ready"}.try(t, "http://"+listen)
		return err == nil && r.status == http.StatusServiceUnavailable && strings.Contains(r.body, `"database":"unavailable"`)
	}, soon, often)
	require.NotContains(t, r.body, "secret")
	require.Equal(t, http.StatusOK, ask{method: http.MethodGet, path: "/health"}.at(t, "http://"+listen).status, "it lives")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), said)
}
