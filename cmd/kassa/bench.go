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
	All      benchAllCommand      `cmd:"" default:"withargs" help:"Measure everything, in some twenty minutes (the default)."`
	Checkout benchCheckoutCommand `cmd:"" help:"Measure the checkout beside a null saga of the same shape."`
	Hop      benchHopCommand      `cmd:"" help:"Measure what the gateway adds to a direct call."`
	Events   benchEventsCommand   `cmd:"" help:"Measure how long events take to their subscribers."`
	Overload benchOverloadCommand `cmd:"" help:"Raise the load to the knee, offer ten times as much, and see how the shop comes back."`
	Browse   benchBrowseCommand   `cmd:"" help:"Measure browsing, search and the cart."`
	Growth   benchGrowthCommand   `cmd:"" help:"Measure the checkout in books of growing size."`
}

// benchOptions are those of every measure.
type benchOptions struct {
	JSON  string `name:"json" help:"Write the figures to this file, too." placeholder:"FILE"`
	SVG   string `name:"svg" help:"Draw latency over throughput into this file." placeholder:"FILE"`
	Quick bool   `help:"Measure for a short time only, to try it."`
}

type benchAllCommand struct {
	benchOptions
}

// Run takes all measures.
func (c *benchAllCommand) Run(ctx context.Context, cli *commands) error {
	return c.measure(ctx, cli, c.options())
}

type benchCheckoutCommand struct {
	benchOptions
	Seconds float64 `help:"Length of each round of each kind." default:"3"`
	Clients int     `help:"Clients at once." default:"16"`
	Rounds  int     `help:"Rounds of each kind; the medians count." default:"6"`
}

// Run measures checkouts.
func (c *benchCheckoutCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options("checkout")
	o.Clients = max(1, c.Clients)
	if !c.Quick {
		o.Round, o.Rounds = seconds(c.Seconds), max(1, c.Rounds)
	}
	return c.measure(ctx, cli, o)
}

type benchHopCommand struct {
	benchOptions
}

// Run measures the gateway.
func (c *benchHopCommand) Run(ctx context.Context, cli *commands) error {
	return c.measure(ctx, cli, c.options("hop"))
}

type benchEventsCommand struct {
	benchOptions
}

// Run measures events.
func (c *benchEventsCommand) Run(ctx context.Context, cli *commands) error {
	return c.measure(ctx, cli, c.options("events"))
}

type benchOverloadCommand struct {
	benchOptions
	Seconds float64 `help:"Length of the overload." default:"20"`
	Knee    float64 `help:"Checkouts per second that the machine bears, when it is known; without it a ramp finds it."`
}

// Run overloads the shop.
func (c *benchOverloadCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options("overload")
	o.Knee = c.Knee
	if !c.Quick {
		o.Excess = seconds(c.Seconds)
	}
	return c.measure(ctx, cli, o)
}

type benchBrowseCommand struct {
	benchOptions
	Products int `help:"Products in the catalogue." default:"100000"`
}

// Run measures reading, searching and the cart.
func (c *benchBrowseCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options("browse")
	if !c.Quick {
		o.Products = c.Products
	}
	return c.measure(ctx, cli, o)
}

type benchGrowthCommand struct {
	benchOptions
	Orders []int `help:"Sizes of the books, ascending; a million takes some minutes to fill, and 9 GB of disk." default:"1000,100000"`
}

// Run measures checkouts in books of growing size.
func (c *benchGrowthCommand) Run(ctx context.Context, cli *commands) error {
	o := c.options("growth")
	if !c.Quick {
		o.Orders = c.Orders
	}
	return c.measure(ctx, cli, o)
}

// options are the usual ones for some measures, or for all.
func (c *benchOptions) options(measures ...string) bench.Options {
	o := bench.Options{
		Measures: measures, Round: 3 * time.Second, Rounds: 6, Clients: 16,
		Step: 4 * time.Second, Excess: 20 * time.Second, Products: 100_000, Orders: []int{1000, 100_000},
	}
	if c.Quick {
		o.Round, o.Rounds = time.Second, 2
		o.Step, o.Excess, o.Products, o.Orders = 2*time.Second, 5*time.Second, 5000, []int{1000, 5000}
	}
	return o
}

// measure measures on a platform of its own and prints what it finds.
func (c *benchOptions) measure(ctx context.Context, cli *commands, o bench.Options) error {
	o.Home, o.Progress = cli.Home, showProgress
	report, err := bench.Run(ctx, o)
	report.Show(os.Stdout)
	if err != nil {
		return err
	}
	for _, missed := range report.Missed() {
		fmt.Println("Missed on this machine today:", missed)
	}
	if c.SVG != "" {
		if err := os.WriteFile(c.SVG, report.Picture(), 0o644); err != nil { //nolint:gosec // for everybody
			return err
		}
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

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
