package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
)

type verifyCommand struct {
	Strict bool          `help:"Wait until the system is quiet; then nothing may be under way." xor:"mode"`
	Online bool          `help:"Check a running system (the default)." xor:"mode"`
	Grace  time.Duration `help:"Online: how old something may get that is under way." default:"120s"`
	Settle time.Duration `help:"Strict: how long to wait for the system to become quiet; 0 does not wait." default:"60s"`
	JSON   bool          `help:"Print a document instead of lines."`

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
	report, err := verify.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if c.JSON {
		document := json.NewEncoder(os.Stdout)
		document.SetIndent("", "  ")
		err = document.Encode(report)
	} else {
		err = report.Print(os.Stdout)
	}
	if err == nil && !report.OK() {
		return fmt.Errorf("%w: %s", errBroken, strings.Join(append(report.Broken(), report.Busy...), ", "))
	}
	return err
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
