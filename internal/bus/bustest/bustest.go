// Package bustest runs a NATS server with JetStream inside a test.
package bustest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"kassa/internal/bus"
	"kassa/internal/localstack/freeport"
)

// Server is a NATS server on a port and in a directory of its own, which it
// keeps when it is stopped and started again.
type Server struct {
	t       testing.TB
	dir     string
	port    int
	running *server.Server
}

// New reserves a port and a directory; the server is not running yet.
func New(t testing.TB) *Server {
	t.Helper()
	port, err := freeport.Pick() // one that it can have again
	require.NoError(t, err)
	s := &Server{t: t, dir: t.TempDir(), port: port}
	t.Cleanup(s.Stop)
	return s
}

// Run is New and Start.
func Run(t testing.TB) *Server {
	t.Helper()
	s := New(t)
	s.Start()
	return s
}

// Start runs the server with what its directory holds.
func (s *Server) Start() {
	s.t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host:      "127.0.0.1",
		Port:      s.port,
		JetStream: true,
		StoreDir:  s.dir,
		NoSigs:    true,
		NoLog:     true,
	})
	require.NoError(s.t, err)
	srv.Start()
	require.True(s.t, srv.ReadyForConnections(time.Minute), "NATS did not start")
	s.running = srv
}

// Stop ends the server; its data stay.
func (s *Server) Stop() {
	if s.running != nil {
		s.running.Shutdown()
		s.running.WaitForShutdown()
		s.running = nil
	}
}

// Wipe removes the data of a stopped server.
func (s *Server) Wipe() {
	s.t.Helper()
	require.Nil(s.t, s.running, "stop the server first")
	require.NoError(s.t, os.RemoveAll(s.dir))
}

// URL is the server's address, whether it runs or not.
func (s *Server) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.port) }

// Connect is a bus of this server, closed with the test.
func (s *Server) Connect() *bus.Bus {
	s.t.Helper()
	b, err := bus.Connect(s.URL(), "test", zap.NewNop())
	require.NoError(s.t, err)
	s.t.Cleanup(b.Close)
	return b
}
