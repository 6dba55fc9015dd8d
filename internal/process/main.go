package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kassa/internal/config"
	"kassa/internal/failpoint"
	"kassa/internal/logging"
	"kassa/internal/pg"
	"kassa/internal/telemetry"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // a wrong command line or configuration: do not restart before it is mended
)

// Main runs the process called name and exits. migrations is its database's, or
// nil; run registers its parts.
func Main(name string, migrations fs.FS, run func(ctx context.Context, p *Process) error) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	os.Exit(command(ctx, name, os.Args[1:], migrations, run, os.Stderr))
}

func command(ctx context.Context, name string, args []string, migrations fs.FS, run func(context.Context, *Process) error, stderr io.Writer) int {
	var err error
	switch {
	case len(args) == 0:
		err = serve(ctx, name, run)
	case len(args) == 1 && args[0] == "migrate":
		err = migrate(ctx, migrations)
	default:
		_, _ = fmt.Fprintf(stderr, "usage: %s [migrate]\nWithout an argument it serves; with migrate it brings its database up to date and exits.\n", name)
		return exitUsage
	}
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
	if bad := (*config.Error)(nil); errors.As(err, &bad) {
		return exitUsage
	}
	return exitFailed
}

func migrate(ctx context.Context, migrations fs.FS) error {
	if migrations == nil {
		return errors.New("this process has no database to migrate")
	}
	cfg, err := config.Load[config.Database]()
	if err != nil {
		return err
	}
	return pg.Migrate(ctx, cfg.DatabaseURL, migrations)
}

// settings are of every process, whatever it does.
type settings struct {
	// Drain is how long a process goes on answering after SIGTERM, while whoever
	// sends it requests learns that it is not ready any more.
	Drain *time.Duration `env:"KASSA_DRAIN" example:"5s"`
}

// What Drain is when it is not set. The gateway asks its services every two
// seconds; on a developer's machine Ctrl-C should not take long.
const (
	drainInProduction  = 5 * time.Second
	drainInDevelopment = 250 * time.Millisecond
	longestDrain       = 10 * time.Second
)

func (s settings) drain(production bool) time.Duration {
	switch {
	case s.Drain != nil:
		return *s.Drain
	case production:
		return drainInProduction
	default:
		return drainInDevelopment
	}
}

// Validate keeps the drain within the time that a stop may take.
func (s settings) Validate(production bool) []string {
	if production && failpoint.Enabled {
		return []string{"this program can be told to fail and is not for production; build it without the tag chaos, or set KASSA_ENV=development"}
	}
	if drain := s.drain(production); drain < 0 || drain > longestDrain {
		return []string{"KASSA_DRAIN must be between 0s and 10s; for example KASSA_DRAIN=5s"}
	}
	return nil
}

func serve(ctx context.Context, name string, run func(context.Context, *Process) error) (err error) {
	settings, err := config.Load[settings]()
	if err != nil {
		return err
	}
	p := &Process{Name: name, Log: logging.New(name, os.Getenv("KASSA_LOG_LEVEL")), drain: settings.drain(os.Getenv("KASSA_ENV") == config.Production)}
	stopTelemetry, err := telemetry.Start(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		// What is still queued may be lost when the collector is away; the exit is not.
		flushing, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = stopTelemetry(flushing)
		_ = p.Log.Sync()
	}()
	if err := run(ctx, p); err != nil {
		return err
	}
	return p.work(ctx)
}
