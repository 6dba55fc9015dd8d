package localstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kassa/internal/localstack/postgres"
)

// A record names a process beyond doubt: ids are used again, but not with the same start time.
type record struct {
	Pid     int    `json:"pid"`
	Started string `json:"started"` // in the words of the operating system
}

// alive reports whether the recorded process still runs.
func (r record) alive() bool {
	return r.Pid > 1 && syscall.Kill(r.Pid, 0) == nil && startTime(r.Pid) == r.Started
}

func recordFile(stateDir, name string) string {
	return filepath.Join(stateDir, "run", name+".pid")
}

func writeRecord(stateDir, name string, pid int) error {
	return writeJSON(recordFile(stateDir, name), record{Pid: pid, Started: startTime(pid)})
}

func readRecord(path string) (record, bool) {
	var r record
	content, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(content, &r) != nil {
		return r, false
	}
	return r, true
}

// launcherRecord is the name under which the launcher records itself.
const launcherRecord = "launcher"

// launcher returns the process that runs the platform of a state directory.
func launcher(stateDir string) (record, bool) {
	r, found := readRecord(recordFile(stateDir, launcherRecord))
	return r, found && r.alive()
}

// takeState makes this process the one launcher of the state directory.
func takeState(stateDir string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Join(stateDir, "run"), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(stateDir, "run", "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		r, _ := launcher(stateDir)
		return nil, &AlreadyRunningError{Pid: r.Pid, StateDir: stateDir}
	}
	return lock, nil
}

// AlreadyRunningError says that another process runs the platform from the same state directory.
type AlreadyRunningError struct {
	Pid      int
	StateDir string
}

func (e *AlreadyRunningError) Error() string {
	return fmt.Sprintf("the platform already runs from %s (process %d): use it, end it with `kassa down`, or set KASSA_HOME to another folder", e.StateDir, e.Pid)
}

// reap ends the processes a killed launcher left behind. The caller holds the state directory.
func reap(ctx context.Context, stateDir string) error {
	files, err := filepath.Glob(recordFile(stateDir, "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		r, found := readRecord(file)
		if found && r.alive() && r.Pid != os.Getpid() {
			_ = syscall.Kill(-r.Pid, syscall.SIGKILL) // each child leads a process group
			if err := waitGone(ctx, r); err != nil {
				return err
			}
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return postgres.EndStale(ctx, filepath.Join(stateDir, "data", "postgres"))
}

func waitGone(ctx context.Context, r record) error {
	for r.alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d, left from an earlier run, does not end: run `kill -9 %d`", r.Pid, r.Pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// Down ends the platform of a state directory, whoever started it, and returns when it has ended.
// It reports whether there was anything to end.
func Down(ctx context.Context, stateDir string) (bool, error) {
	stateDir, err := StateDir(stateDir)
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(stateDir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	r, running := launcher(stateDir)
	if running {
		if err := syscall.Kill(r.Pid, syscall.SIGTERM); err != nil {
			return true, fmt.Errorf("ask process %d to stop: %w", r.Pid, err)
		}
		if err := waitGone(ctx, r); err != nil {
			return true, err
		}
	}
	lock, err := takeState(stateDir)
	if err != nil {
		return running, err
	}
	defer lock.Close()
	return running, reap(ctx, stateDir)
}

// Reset removes the state directory's data, logs and secrets; programs stay. The platform must not
// run.
func Reset(ctx context.Context, stateDir string) error {
	stateDir, err := StateDir(stateDir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(stateDir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	lock, err := takeState(stateDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := reap(ctx, stateDir); err != nil {
		return err
	}
	for _, name := range []string{"data", "logs", "secrets", "run"} {
		if err := os.RemoveAll(filepath.Join(stateDir, name)); err != nil {
			return err
		}
	}
	return nil
}
