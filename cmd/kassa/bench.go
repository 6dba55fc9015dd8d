package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"kassa/cmd/kassa/bench"
)

type benchCommand struct {
	All      benchAllCommand      `cmd:"" default:"withargs" help:"Measure everything, in some eight minutes (the default)."`
	Checkout benchCheckoutCommand `cmd:"" help:"Measure the checkout beside a null saga of the same shape."`
	Overload benchOverloadCommand `cmd:"" help:"Raise the load to the knee, offer ten times as much, and see how the shop comes back."`
}

// benchOptions are those of every measure.
type benchOptions struct {
	JSON  string `name:"json" help:"Write the figures to this file, too." placeholder:"FILE"`
	Quick bool   `help:"Measure for a short time only, to try it."`
}

type benchAllCommand struct {
	benchOptions
}

// Run takes all measures.
func (c *benchAllCommand) Run(ctx context.Context, cli *commands) error {
	return c.measure(ctx, cli, c.options(), "")
}

type benchCheckoutCommand struct {
	benchOptions
	Seconds float64 `help:"Length of each round of each kind." default:"3"`
	Clients int     `help:"Clients at once." default:"16"`
	Rounds  int     `help:"Rounds of each kind; the medians count." default:"6"`
}

// Run measures checkouts.
func (c *benchCheckoutCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options()
	o.Clients = max(1, c.Clients)
	if !c.Quick {
		o.Round, o.Rounds = time.Duration(c.Seconds*float64(time.Second)), max(1, c.Rounds)
	}
	return c.measure(ctx, cli, o, "checkout")
}

type benchOverloadCommand struct {
	benchOptions
	Seconds float64 `help:"Length of the overload." default:"20"`
}

// Run overloads the shop.
func (c *benchOverloadCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options()
	if !c.Quick {
		o.Excess = time.Duration(c.Seconds * float64(time.Second))
	}
	return c.measure(ctx, cli, o, "overload")
}

// options are the usual ones.
func (c *benchOptions) options() bench.Options {
	o := bench.Options{Round: 3 * time.Second, Rounds: 6, Clients: 16, Step: 5 * time.Second, Excess: 20 * time.Second}
	if c.Quick {
		o.Round, o.Rounds, o.Step, o.Excess = time.Second, 2, 2*time.Second, 5*time.Second
	}
	return o
}

// measure measures on a platform of its own and prints what it finds.
func (c *benchOptions) measure(ctx context.Context, cli *commands, o bench.Options, name string) error {
	o.Home, o.Progress = cli.Home, showProgress
	if name != "" {
		o.Measures = []string{name}
	}
	report, err := bench.Run(ctx, o)
	report.Show(os.Stdout)
	if err != nil {
		return err
	}
	for _, missed := range report.Missed() {
		fmt.Println("Missed on this machine today:", missed)
	}
	if c.JSON == "" {
		return nil
	}
	content, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(content, '\n'), 0o644) //nolint:gosec // figures for everybody
}
