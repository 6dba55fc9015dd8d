// Command kassa runs the platform on one machine and shows what it does.
//
// Each subcommand is a struct in a file of its own with a Run method; adding one is adding a field
// to the struct commands.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/pterm/pterm"
	"golang.org/x/term"
)

// commands is the command line: one field per subcommand.
type commands struct {
	Home string `help:"State directory (default: .kassa in the source tree)." env:"KASSA_HOME" placeholder:"DIR"`

	Up       upCommand       `cmd:"" help:"Start the whole platform and keep it running until Ctrl-C."`
	Demo     demoCommand     `cmd:"" help:"Start the whole platform, play real checkouts on it, and keep it running until Ctrl-C."`
	Down     downCommand     `cmd:"" help:"Stop the platform, whoever started it."`
	Reset    resetCommand    `cmd:"" help:"Delete all data, logs and development secrets of the stopped platform."`
	Seed     seedCommand     `cmd:"" help:"Fill the shelves of the running platform with a catalogue."`
	Verify   verifyCommand   `cmd:"" help:"Check that no order, payment or unit of stock was lost or doubled."`
	Admin    adminCommand    `cmd:"" help:"Accounts of those who run the shop."`
	Orders   ordersCommand   `cmd:"" help:"Look at orders."`
	Chaos    chaosCommand    `cmd:"" help:"Prove that nothing is lost: break a platform on purpose, and check."`
	Events   eventsCommand   `cmd:"" help:"Read what services tell each other; read and replay what could not be applied."`
	Bench    benchCommand    `cmd:"" help:"Measure the platform."`
	Temporal temporalCommand `cmd:"" passthrough:"" help:"Run Temporal's command line against the running platform."`
	Tctl     tctlCommand     `cmd:"" passthrough:"" help:"Run the older command line tctl against the running platform."`
	Tools    toolsCommand    `cmd:"" help:"Build the pinned programs of Temporal, which the first start does otherwise."`
}

func main() {
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		pterm.DisableStyling()
	}
	var cli commands
	parser := kong.Parse(&cli,
		kong.Name("kassa"),
		kong.Description("A commerce back end whose checkout cannot lose an order, a payment or a unit of stock."),
		kong.UsageOnError(),
	)
	// The first signal asks for an orderly end; the second has its usual effect.
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer release()
	context.AfterFunc(ctx, release)

	parser.BindTo(ctx, (*context.Context)(nil))
	parser.Bind(&cli)
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "kassa:", err)
		os.Exit(1)
	}
}
