//go:build !chaos

package failpoint_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/failpoint"
)

// TestANormalBuildHasNone finds nothing in a normal build that could be told
// to fail: no rule, no variable, no address.
func TestANormalBuildHasNone(t *testing.T) {
	require.False(t, failpoint.Enabled)
	ctx := failpoint.Enter(t.Context(), "ReserveStock")
	require.Equal(t, t.Context(), ctx)
	require.NoError(t, failpoint.Hit(ctx, failpoint.Before))
	require.Equal(t, http.DefaultTransport, failpoint.Transport(http.DefaultTransport))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = failpoint.Hit(failpoint.Enter(ctx, "ReserveStock"), failpoint.After) }))

	files, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.GoFiles}}", "kassa/internal/failpoint").Output()
	require.NoError(t, err)
	require.Equal(t, "[doc.go off.go]", strings.TrimSpace(string(files)))
}
