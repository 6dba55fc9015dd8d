package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
	"kassa/sandbox/shopper"
)

// The platform under test, started once for all tests.
var (
	platform *localstack.Stack
	where    localstack.Addresses
	shop     *shopper.Shop
	traces   *sink
	wire     *witness // of everything that the tests say to the gateway
	state    string   // its folder
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the platform, runs the tests and stops it. Its state is kept when
// something went wrong.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kassa-e2e-")
	if err != nil {
		return failed(err)
	}
	begin := time.Now()
	state = dir
	if err := start(dir); err != nil {
		fmt.Fprintln(os.Stderr, "the logs are in", dir)
		return failed(err)
	}
	fmt.Printf("the platform runs after %s; its state is in %s\n", time.Since(begin).Round(100*time.Millisecond), dir)
	code := m.Run()
	if err := audit(); err != nil {
		code = max(code, failed(err))
	}
	if err := stillPrivate(context.Background()); err != nil {
		code = max(code, failed(err))
	}
	if err := wire.verdict(); err != nil {
		code = max(code, failed(err))
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := platform.Stop(ctx); err != nil {
		code = max(code, failed(err))
	}
	traces.close()
	if code != 0 {
		fmt.Fprintf(os.Stderr, "the logs of the platform are in %s\n", filepath.Join(dir, "logs"))
		return code
	}
	_ = os.RemoveAll(dir)
	return 0
}

// start brings the platform up in dir, with two processes of order and of the
// gateway, and opens the shop. Only requests that ask for it are traced.
func start(dir string) (err error) {
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres runs as somebody else
		return err
	}
	if traces, err = newSink(); err != nil {
		return err
	}
	if wire, err = newWitness(); err != nil {
		return err
	}
	browser.Transport = wire
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // the tools may have to be built
	defer cancel()
	platform, err = localstack.Start(ctx, localstack.Options{
		StateDir:  dir,
		BinDir:    os.Getenv("KASSA_BIN_DIR"),
		FreePorts: true,
		Instances: map[string]int{"order": 2, "gateway": 2},
		Env: map[string]map[string]string{"*": {
			"OTEL_EXPORTER_OTLP_ENDPOINT": traces.url(),
			"OTEL_TRACES_SAMPLER":         "parentbased_always_off",
			"OTEL_BSP_SCHEDULE_DELAY":     "200", // ms
		}, "order": {
			"KASSA_REVIEW_ABOVE": "100000", // minor units
			"KASSA_DRAIN":        "1s",     // time for whoever sends it requests
		}, "gateway": {
			"KASSA_DRAIN": "1s",
		}},
		Progress: func(what string) { fmt.Println("·", what) },
	})
	if err != nil {
		return err
	}
	where = platform.Addresses()
	shop, err = shopper.Open(ctx, where.Gateway, where.Secrets.AdminEmail, where.Secrets.AdminPassword, wire)
	return err
}

// audit checks the books of everything that the tests have done.
func audit() error {
	config := verify.Of(where)
	config.Strict, config.Settle = true, 2*time.Minute
	config.Progress = func(what string) { fmt.Println("·", what) }
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	report, err := verify.Run(ctx, config)
	if err == nil && !report.OK() {
		return errors.Join(errors.New("the books are wrong after the tests"), report.Print(os.Stderr))
	}
	fmt.Println(report.Summary())
	return err
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}
