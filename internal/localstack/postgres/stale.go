package postgres

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// EndStale ends a server left in dir by a process that was killed. Nobody else may be using the
// directory; the data stay whole.
func EndStale(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	pid, found := stalePid(filepath.Join(dir, "data"))
	if !found {
		return nil
	}
	// Fast, then immediate shutdown, then force.
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = syscall.Kill(pid, sig)
		patience, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := retry(patience, 20*time.Millisecond, func(context.Context) error {
			if syscall.Kill(pid, 0) == nil && worksIn(pid, filepath.Join(dir, "data")) { // a zombie works nowhere
				return fmt.Errorf("postgres with pid %d still runs", pid)
			}
			return nil
		})
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("a Postgres server left from an earlier run does not end: run `kill -9 %d`", pid)
}

// stalePid returns the live postmaster of a data directory. A recorded number alone proves
// nothing: it may belong to an unrelated process by now.
func stalePid(data string) (int, bool) {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || syscall.Kill(pid, 0) != nil {
		return 0, false
	}
	return pid, worksIn(pid, data)
}
