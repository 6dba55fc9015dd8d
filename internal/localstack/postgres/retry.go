package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// errStopRetrying ends a retry at once.
var errStopRetrying = errors.New("postgres did not start")

// retry calls f until it succeeds, ctx is over, or f returns errStopRetrying.
func retry(ctx context.Context, pause time.Duration, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if err == nil || errors.Is(err, errStopRetrying) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// tailWriter passes output on and remembers its end, to explain a failed start.
type tailWriter struct {
	mu   sync.Mutex
	next io.Writer
	tail []byte
}

const tailSize = 4 << 10

func (w *tailWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tail = append(w.tail, p...)
	if extra := len(w.tail) - tailSize; extra > 0 {
		w.tail = bytes.Clone(w.tail[extra:])
	}
	return w.next.Write(p)
}

// note adds a line of our own to the output.
func (w *tailWriter) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(w.next, "kassa: "+format+"\n", args...)
}

func (w *tailWriter) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tail = nil
}

// lastFatal returns the reasons Postgres gave for not starting.
func (w *tailWriter) lastFatal() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var reasons []string
	for line := range strings.SplitSeq(string(w.tail), "\n") {
		for _, mark := range []string{"FATAL:", "PANIC:", "HINT:", "could not bind"} {
			if _, reason, found := strings.Cut(line, mark); found {
				reasons = append(reasons, strings.TrimSpace(reason))
				break
			}
		}
	}
	return strings.Join(reasons, "; ")
}
