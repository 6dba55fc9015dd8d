//go:build chaos

package process

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABuildThatCanBeToldToFailRefusesProduction(t *testing.T) {
	t.Setenv("KASSA_ENV", "production")
	var said bytes.Buffer
	code := command(t.Context(), "order", nil, nil, func(context.Context, *Process) error {
		t.Error("it runs")
		return nil
	}, &said)
	require.Equal(t, exitUsage, code)
	require.Contains(t, said.String(), "build it without the tag chaos")
}
