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
	Checkout benchCheckoutCommand `cmd:"" help:"Measure the checkout beside a null saga of the same shape."`
}

type benchCheckoutCommand struct {
	JSON    string  `name:"json" help:"Write the figures to this file, too." placeholder:"FILE"`
	Seconds float64 `help:"Length of each round of each kind." default:"3"`
	Clients int     `help:"Clients at once." default:"16"`
	Rounds  int     `help:"Rounds of each kind; the medians count." default:"6"`
}

// Run measures on a platform of its own and prints what it finds.
func (c *benchCheckoutCommand) Run(ctx context.Context, cli *commands) error {
	report, err := bench.Checkout(ctx, bench.Options{
		Home:     cli.Home,
		Round:    time.Duration(c.Seconds * float64(time.Second)),
		Rounds:   max(1, c.Rounds),
		Clients:  max(1, c.Clients),
		Progress: showProgress,
	})
	if err != nil {
		return err
	}
	report.Show(os.Stdout)
	if missed := report.Missed(); missed != nil {
		fmt.Println("The budget was missed on this machine today:", missed)
	}
	if c.JSON == "" {
		return nil
	}
	content, err := json.MarshalIndent(report.JSON(), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(content, '\n'), 0o644) //nolint:gosec // figures for everybody
}
