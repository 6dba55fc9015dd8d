package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pterm/pterm"
	"golang.org/x/term"

	"kassa/internal/localstack"
)

type upCommand struct {
	FreePorts bool           `help:"Use any free ports instead of the usual ones."`
	Only      []string       `help:"Start only these components and what they need." placeholder:"NAME"`
	Instances map[string]int `help:"Number of processes of a service, such as order=2." placeholder:"SERVICE=N"`
	Logs      bool           `help:"Show what the processes print; it is always in the logs folder too." negatable:"" default:"true"`
}

// Run starts the platform, shows where it answers, and stops it when ctx is over.
func (c *upCommand) Run(ctx context.Context, cli *commands) error {
	begin := time.Now()
	stack, err := localstack.Start(ctx, localstack.Options{
		StateDir:  cli.Home,
		FreePorts: c.FreePorts,
		Only:      c.Only,
		Instances: c.Instances,
		Log:       c.log(),
		Progress:  showProgress,
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errors.New("interrupted while starting; everything was stopped again")
	}
	if err != nil {
		return err
	}
	showAddresses(stack.Addresses())
	fmt.Printf("\nReady after %s. Ctrl-C stops everything.\n", time.Since(begin).Round(100*time.Millisecond))

	<-ctx.Done()
	return stopStack(stack)
}

func (c *upCommand) log() io.Writer {
	if c.Logs {
		return os.Stdout
	}
	return io.Discard
}

// stopStack ends the platform in bounded time.
func stopStack(stack *localstack.Stack) error {
	showProgress("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return stack.Stop(ctx)
}

func showProgress(what string) { fmt.Fprintln(os.Stderr, pterm.Gray("· ")+what) }

// showAddresses prints where people find what: a table on a terminal, plain lines elsewhere.
func showAddresses(a localstack.Addresses) {
	rows := [][]string{
		{"Shop API", a.Gateway},
		{"API documentation", suffixed(a.Gateway, "/docs")},
		{"Gateway metrics", suffixed(a.Metrics, "/metrics")},
		{"Temporal Web UI", a.TemporalUI},
		{"Temporal server", a.Temporal},
		{"Payment provider (sandbox)", a.PSP},
		{"Mail inbox (sandbox)", a.Mail},
		{"Postgres", a.Postgres},
		{"NATS", a.NATS},
	}
	var shown pterm.TableData
	for _, row := range rows {
		if row[1] != "" {
			shown = append(shown, row)
		}
	}
	fmt.Println()
	if term.IsTerminal(int(os.Stdout.Fd())) {
		if pterm.DefaultTable.WithBoxed().WithData(shown).Render() == nil {
			return
		}
	}
	for _, row := range shown {
		fmt.Printf("%-28s %s\n", row[0], row[1])
	}
}

// suffixed returns a URL below base; "" when there is no base.
func suffixed(base, path string) string {
	if base == "" {
		return ""
	}
	return base + path
}
