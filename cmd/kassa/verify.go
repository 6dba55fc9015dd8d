package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
)

type verifyCommand struct {
	Strict bool          `help:"Wait until the system is quiet; then nothing may be under way." xor:"mode"`
	Online bool          `help:"Check a running system (the default)." xor:"mode"`
	Grace  time.Duration `help:"Online: how old something may get that is under way." default:"120s"`
	Settle time.Duration `help:"Strict: how long to wait for the system to become quiet; 0 does not wait." default:"60s"`
	JSON   bool          `help:"Print a document instead of lines."`
	Every  time.Duration `help:"Online: go on checking, so often, until Ctrl-C." placeholder:"1m"`
	Listen string        `help:"With --every: show the findings as metrics at http://HOST:PORT/metrics." placeholder:"HOST:PORT"`

	DatabaseURL string `help:"Address of the databases of another platform, for a role that may read; {database} stands for the name." env:"KASSA_VERIFY_DATABASE_URL" placeholder:"URL" group:"Another platform than the local one"`
	Temporal    string `help:"Its Temporal; without it, the sagas are not checked." env:"KASSA_TEMPORAL_ADDRESS" placeholder:"HOST:PORT" group:"Another platform than the local one"`
	Namespace   string `help:"Namespace of the sagas." env:"KASSA_TEMPORAL_NAMESPACE" default:"kassa" group:"Another platform than the local one"`
	NATS        string `help:"Its NATS; without it, the dead letters are not read." env:"KASSA_NATS_URL" placeholder:"URL" group:"Another platform than the local one"`
	Provider    string `help:"Its sandbox provider; without it, the provider's books are not compared." placeholder:"URL" group:"Another platform than the local one"`
}

// errBroken makes the exit code 1; the report has said the rest.
var errBroken = errors.New("the invariants do not hold")

// Run checks the invariants and prints how they fare.
func (c *verifyCommand) Run(ctx context.Context, cli *commands) error {
	cfg, err := c.config(cli)
	if err != nil {
		return err
	}
	if c.Every > 0 {
		return c.watch(ctx, cfg)
	}
	if c.Listen != "" {
		return errors.New("--listen shows what --every finds; give it too, such as --every 1m")
	}
	report, err := verify.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if err := c.print(report); err != nil {
		return err
	}
	return verdict(report)
}

// watch checks again and again. What it finds it prints and shows as metrics; a
// check that cannot be made is counted, and the next one is waited for.
func (c *verifyCommand) watch(ctx context.Context, cfg verify.Config) error {
	if c.Strict {
		return errors.New("a system that is watched is never quiet: --every goes without --strict")
	}
	registry := prometheus.NewRegistry()
	gauges := verify.NewGauges(registry)
	if c.Listen != "" {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
		if err != nil {
			return fmt.Errorf("metrics: %w; choose another --listen", err)
		}
		routes := http.NewServeMux()
		routes.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
		server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
		defer func() { _ = server.Close() }()
		go func() { _ = server.Serve(listener) }()
		fmt.Fprintf(os.Stderr, "metrics at http://%s/metrics\n", listener.Addr())
	}
	next := time.NewTicker(c.Every)
	defer next.Stop()
	for {
		report, err := verify.Run(ctx, cfg)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			gauges.Failed()
			fmt.Fprintln(os.Stderr, "not checked:", err)
		default:
			gauges.Show(report)
			if err := c.print(report); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
	}
}

func (c *verifyCommand) print(report verify.Report) error {
	if !c.JSON {
		return report.Print(os.Stdout)
	}
	document := json.NewEncoder(os.Stdout)
	document.SetIndent("", "  ")
	return document.Encode(report)
}

func verdict(report verify.Report) error {
	if report.OK() {
		return nil
	}
	return fmt.Errorf("%w: %s", errBroken, strings.Join(append(report.Broken(), report.Busy...), ", "))
}

func (c *verifyCommand) config(cli *commands) (verify.Config, error) {
	var cfg verify.Config
	if c.DatabaseURL != "" {
		cfg = verify.Config{Temporal: c.Temporal, Namespace: c.Namespace, NATS: c.NATS, Provider: c.Provider}
		cfg.DatabaseURL = func(database string) string { return strings.ReplaceAll(c.DatabaseURL, "{database}", database) }
	} else {
		platform, err := localstack.Running(cli.Home)
		if err != nil {
			return cfg, err
		}
		cfg = verify.Of(platform)
	}
	cfg.Strict, cfg.Grace, cfg.Settle, cfg.Progress = c.Strict, c.Grace, c.Settle, showProgress
	if c.Settle == 0 {
		cfg.Settle = -1
	}
	if c.Grace == 0 {
		cfg.Grace = -1
	}
	return cfg, nil
}
