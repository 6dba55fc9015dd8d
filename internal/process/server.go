package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"go.uber.org/zap"

	"kassa/internal/failpoint"
	"kassa/internal/telemetry"
)

// Serve registers an HTTP server on listen (host:port) that answers /health,
// /ready, /status and /metrics itself and leaves the rest to handler. It takes the port
// at once, so that one that is taken is said before anything starts.
func (p *Process) Serve(listen string, handler http.Handler) error {
	metrics := telemetry.MetricsHandler()
	// No mux: it would rewrite paths before handler sees them.
	return p.ServeOnly("http server", listen, failpoint.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
			p.Health(w, r)
		case "/ready":
			p.Readiness(w, r)
		case "/status":
			p.writeStatus(w, r)
		case "/metrics":
			metrics.ServeHTTP(w, r)
		default:
			handler.ServeHTTP(w, r)
		}
	})))
}

// ServeOnly is Serve without /health, /ready, /status and /metrics: for a second
// listener, or one whose handler answers them itself. bounds may change the
// server's limits.
func (p *Process) ServeOnly(name, listen string, handler http.Handler, bounds ...func(*http.Server)) error {
	listener, err := listenOn(listen)
	if err != nil {
		return err
	}
	leaving, leave := context.WithCancel(context.Background())
	serving, abort := context.WithCancel(WithLeaving(context.Background(), leaving))
	server := &http.Server{
		Handler:           p.draining(handler),
		BaseContext:       func(net.Listener) context.Context { return serving },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          zap.NewStdLog(p.Log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
	}
	for _, bound := range bounds {
		bound(server)
	}
	server.RegisterOnShutdown(leave)
	p.components = append(p.components, component{
		name: name,
		run: func(context.Context) error {
			p.Log.Info("listening", zap.String("address", listener.Addr().String()))
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		stop: func(ctx context.Context) error {
			defer abort()
			ctx, cancel := context.WithTimeout(ctx, drainWithin)
			defer cancel()
			if err := server.Shutdown(ctx); err != nil {
				abort() // what hangs on is told that nobody waits any more
				return server.Close()
			}
			return nil
		},
	})
	return nil
}

// draining has clients of a process that is stopping leave their connections,
// so that none of them asks by one that is just being closed.
func (p *Process) draining(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.ready.Load() {
			w.Header()["Connection"] = []string{"close"}
		}
		handler.ServeHTTP(w, r)
	})
}

// Leaving is done as soon as the server that answers ctx's request takes no new
// ones: an answer that would go on for long ends there.
func Leaving(ctx context.Context) context.Context {
	if leaving, ok := ctx.Value(leavingKey{}).(context.Context); ok {
		return leaving
	}
	return context.Background()
}

// WithLeaving is the context of the requests to a server that takes new ones until
// leaving is done.
func WithLeaving(ctx, leaving context.Context) context.Context {
	return context.WithValue(ctx, leavingKey{}, leaving)
}

type leavingKey struct{}

// drainWithin is how long requests in flight may take once no new ones are taken.
// A longer one (a client that asked to wait) is cut and asks again elsewhere.
const drainWithin = 12 * time.Second

func listenOn(address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err == nil {
		return listener, nil
	}
	_, port, _ := net.SplitHostPort(address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: the port is taken; end the process that uses it (ss -ltnp 'sport = :%s') or set KASSA_LISTEN to another address", address, port)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("cannot listen on %s: not allowed; set KASSA_LISTEN to a port above 1023", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s: this machine does not have the address; set KASSA_LISTEN to one it has, for example 127.0.0.1:%s", address, port)
	default:
		return nil, fmt.Errorf("cannot listen on %s: %w; set KASSA_LISTEN to host:port", address, err)
	}
}
