package localstack

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script is a supervised shell script.
func script(t *testing.T, output *lockedBuffer, text string) *process {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "run"), 0o755))
	log, err := openLog(dir, "script", &console{out: output})
	require.NoError(t, err)
	return &process{
		name: "script", stateDir: dir, dir: dir,
		program: "/bin/sh", args: []string{"-c", text},
		ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(dir, "ready"))
			return err
		},
		log: log,
	}
}

func TestProcess(t *testing.T) {
	t.Run("is started again when it ends, and not after it was stopped", func(t *testing.T) {
		output := &lockedBuffer{}
		p := script(t, output, "echo $$ >> starts; echo hello; touch ready; exec sleep 600")
		require.NoError(t, p.start(t.Context()))
		require.NoError(t, p.Kill())
		require.Eventually(t, func() bool {
			starts, _ := os.ReadFile(filepath.Join(p.dir, "starts"))
			return bytes.Count(starts, []byte("\n")) == 2
		}, time.Minute, 10*time.Millisecond)
		require.NoError(t, p.Stop(t.Context()))
		require.False(t, p.running().Running())
		require.NoFileExists(t, recordFile(p.stateDir, p.name))
		require.Contains(t, output.String(), "script       | hello\n")
	})

	t.Run("that ends at once fails with its last words", func(t *testing.T) {
		p := script(t, &lockedBuffer{}, "echo KASSA_LISTEN is missing; exit 3")
		err := p.start(t.Context())
		require.ErrorContains(t, err, "script ended at start (exit status 3)")
		require.ErrorContains(t, err, "KASSA_LISTEN is missing")
	})

	t.Run("that ignores the request to stop is killed", func(t *testing.T) {
		p := script(t, &lockedBuffer{}, "trap '' TERM; touch ready; while true; do sleep 0.01; done")
		require.NoError(t, p.start(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.NoError(t, p.Stop(ctx))
		require.False(t, p.running().Running())
	})
}

func TestAProcessOutlivesALogThatCannotBeKept(t *testing.T) {
	log, err := openLog(t.TempDir(), "order", &console{out: io.Discard})
	require.NoError(t, err)
	log.close() // as a full disk would, it takes nothing any more
	n, err := log.Write([]byte("a line\n"))
	require.NoError(t, err)
	require.Equal(t, 7, n)
	require.Contains(t, log.lastWords(), "a line")
}
