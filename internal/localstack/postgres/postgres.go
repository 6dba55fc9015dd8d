package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kassa/internal/localstack/child"
)

// Superuser is the role that owns the cluster.
const Superuser = "postgres"

// startTimeout is how long a server may take until it accepts connections, recovery included.
const startTimeout = 60 * time.Second

// ErrInUse says that another process runs a server in the same directory.
var ErrInUse = errors.New("the directory is in use by another process")

// Config says where and how the server runs.
type Config struct {
	Dir  string // state of this server; created when missing
	Port int    // 0 picks a free port

	// Durable keeps fsync and full-page writes on. Without it a crash of the machine may lose
	// the cluster, which is right for tests only.
	Durable bool

	// Password returns the password of a role. nil trusts every local connection.
	Password func(role string) string

	Settings map[string]string // postgresql.conf parameters that win over the defaults
	Log      io.Writer         // the server's messages; nil appends them to Dir/postgres.log
	Progress func(string)      // told when something takes long, such as an installation; may be nil

	// Restarted is called, when not nil, each time the server had to be started again.
	Restarted func(cause error)
}

// Server is a running Postgres server and its supervisor.
type Server struct {
	cfg     Config
	bin     string // directory of the binaries
	user    *account
	data    string
	port    int
	lock    *os.File
	log     *tailWriter
	logFile io.Closer // nil when the caller brought the writer

	mu       sync.Mutex
	current  *child.Process
	stopping bool
	stop     chan struct{} // closed when Stop is called
	ended    chan struct{} // closed when the supervisor has returned
}

// Start makes the cluster when there is none, starts the server and returns once it accepts
// connections.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, stop: make(chan struct{}), ended: make(chan struct{})}
	if err := s.prepare(ctx); err != nil {
		s.release()
		return nil, err
	}
	if err := s.startOnce(ctx); err != nil {
		s.release()
		return nil, err
	}
	go s.supervise()
	return s, nil
}

// Port returns the TCP port on the loopback address.
func (s *Server) Port() int { return s.port }

// Pid returns the process id of the postmaster.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.Pid()
}

// URL returns the connection string of a role for a database.
func (s *Server) URL(database, user string) string {
	u := url.URL{
		Scheme:   "postgres",
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		User:     url.User(user),
		RawQuery: "sslmode=disable",
	}
	if s.cfg.Password != nil {
		u.User = url.UserPassword(user, s.cfg.Password(user))
	}
	return u.String()
}

// Wait returns once the server accepts connections.
func (s *Server) Wait(ctx context.Context) error {
	return retry(ctx, 20*time.Millisecond, s.ping)
}

// Kill ends the postmaster with SIGKILL, as a crash would, and returns when it is dead. The
// supervisor starts it again.
func (s *Server) Kill() error {
	s.mu.Lock()
	current := s.current
	s.mu.Unlock()
	if err := current.Kill(); err != nil {
		return err
	}
	<-current.Done()
	return nil
}

// Stop disconnects every client, writes a checkpoint and ends the server. When ctx is over
// first the server is killed, which costs a recovery at the next start.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stop)
	}
	current := s.current
	s.mu.Unlock()
	err := current.Stop(ctx, syscall.SIGINT)
	<-s.ended
	s.release()
	return err
}

// supervise starts the server again whenever it ends, until it is stopped.
func (s *Server) supervise() {
	defer close(s.ended)
	for {
		<-s.current.Done()
		if s.isStopping() {
			return
		}
		cause := s.current.Err()
		if s.cfg.Restarted != nil {
			s.cfg.Restarted(cause)
		}
		for !s.isStopping() {
			ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
			err := s.startOnce(ctx)
			cancel()
			if err == nil {
				break
			}
			// The children of a killed postmaster hold its shared memory for a moment.
			s.log.note("start again: %v", err)
			select {
			case <-s.stop:
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

// startOnce runs the postmaster and waits until it answers.
func (s *Server) startOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return errors.New("postgres is being stopped")
	}
	s.log.forget()
	// Lives until it is stopped, not until the start is over.
	cmd := s.command(context.Background(), "postgres", s.arguments()...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	process, err := child.Start(cmd, syscall.SIGINT)
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("start postgres: %w", err)
	}
	s.current = process
	s.mu.Unlock()

	err = retry(ctx, 20*time.Millisecond, func(ctx context.Context) error {
		if !process.Running() {
			return fmt.Errorf("%w: it ended", errStopRetrying)
		}
		return s.ping(ctx)
	})
	if err == nil {
		return nil
	}
	_ = process.Kill()
	<-process.Done()
	return s.explain(err)
}

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "28P01" { // invalid password
		return fmt.Errorf("%w: the password does not open the data in %s", errStopRetrying, s.data)
	}
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// release gives the directory back.
func (s *Server) release() {
	if s.logFile != nil {
		_ = s.logFile.Close()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
}

// path returns a path in the server's directory.
func (s *Server) path(name string) string { return filepath.Join(s.cfg.Dir, name) }
