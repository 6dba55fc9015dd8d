package postgres

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"kassa/internal/localstack/freeport"
)

// prepare does everything that precedes the start of the server: lock, binaries, cluster, port.
func (s *Server) prepare(ctx context.Context) error {
	dir, err := filepath.Abs(s.cfg.Dir)
	if err != nil {
		return err
	}
	s.cfg.Dir, s.data = dir, filepath.Join(dir, "data")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := s.takeLock(); err != nil {
		return err
	}
	if err := s.openLog(); err != nil {
		return err
	}
	if s.user, err = unprivilegedAccount(dir); err != nil {
		return err
	}
	if s.bin, err = s.chooseBinaries(ctx); err != nil {
		return err
	}
	if err := EndStale(ctx, dir); err != nil {
		return err
	}
	if err := s.makeCluster(ctx); err != nil {
		return err
	}
	return s.choosePort()
}

// takeLock keeps a second process away. The kernel drops the lock when this process dies.
func (s *Server) takeLock() error {
	lock, err := os.OpenFile(s.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return fmt.Errorf("postgres in %s: %w", s.cfg.Dir, ErrInUse)
	}
	s.lock = lock
	return nil
}

func (s *Server) openLog() error {
	if s.cfg.Log != nil {
		s.log = &tailWriter{next: s.cfg.Log}
		return nil
	}
	file, err := os.OpenFile(s.path("postgres.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.log, s.logFile = &tailWriter{next: file}, file
	return nil
}

// makeCluster runs initdb once. It works in a folder of another name, so an interrupted run
// never looks like a finished one.
func (s *Server) makeCluster(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.data, "PG_VERSION")); err == nil {
		return nil
	}
	fresh := s.path("data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	if err := s.user.own(fresh); err != nil {
		return err
	}
	// Byte order for sorting, but Unicode for upper and lower case.
	args := []string{
		"-D", fresh, "-U", Superuser, "-E", "UTF8", "--lc-collate=C", "--lc-ctype=" + unicodeLocale,
		"--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C", "--no-instructions",
	}
	if !s.cfg.Durable {
		args = append(args, "--no-sync")
	}
	if s.cfg.Password == nil {
		args = append(args, "--auth=trust")
	} else {
		file := s.path("superuser.password")
		if err := os.WriteFile(file, []byte(s.cfg.Password(Superuser)+"\n"), 0o600); err != nil {
			return err
		}
		defer os.Remove(file)
		if err := s.user.own(file); err != nil {
			return err
		}
		args = append(args, "--auth=scram-sha-256", "--pwfile="+file)
	}
	if output, err := s.run(ctx, "initdb", args...); err != nil {
		return fmt.Errorf("make a Postgres cluster in %s: %w: %s", s.data, err, output)
	}
	return os.Rename(fresh, s.data)
}

// arguments returns the command line of the postmaster.
func (s *Server) arguments() []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"port":                    strconv.Itoa(s.port),
		"max_connections":         "300",
		"shared_buffers":          "256MB",
		// One server without replicas: the least write-ahead log that still recovers.
		"wal_level":       "minimal",
		"max_wal_senders": "0",
		"max_wal_size":    "2GB",
		"jit":             "off",
		"lc_messages":     "C",
		"timezone":        "UTC",
		"log_timezone":    "UTC",
	}
	if !s.cfg.Durable {
		maps.Copy(settings, map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
		})
	}
	maps.Copy(settings, s.cfg.Settings)
	args := []string{"-D", s.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// choosePort keeps the configured port or finds a free one.
func (s *Server) choosePort() error {
	if s.cfg.Port == 0 {
		port, err := freeport.Pick()
		s.port = port
		return err
	}
	if !freeport.Free(s.cfg.Port) {
		return &PortTakenError{Port: s.cfg.Port}
	}
	s.port = s.cfg.Port
	return nil
}

// PortTakenError says that another program listens on the configured port.
type PortTakenError struct{ Port int }

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d, meant for Postgres, is taken by another program", e.Port)
}

// explain turns a failed start into a sentence.
func (s *Server) explain(err error) error {
	reason := s.log.lastFatal()
	if strings.Contains(reason, "Address already in use") || strings.Contains(reason, "could not create any TCP/IP sockets") {
		return &PortTakenError{Port: s.port}
	}
	if reason == "" {
		return err
	}
	return fmt.Errorf("postgres did not start: %s", reason)
}

// command prepares one of the Postgres programs to run as the unprivileged user.
func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	// Postgres reads PG… variables; a newcomer's settings for another server must not leak in.
	cmd.Env = []string{"PATH=" + s.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = "/"
	s.user.apply(cmd)
	return cmd
}

// run executes a short-lived program and returns what it printed.
func (s *Server) run(ctx context.Context, program string, args ...string) (string, error) {
	output, err := s.command(ctx, program, args...).CombinedOutput()
	return strings.TrimSpace(string(output)), err
}
