package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"kassa/cmd/kassa/chaos"
	"kassa/cmd/kassa/chaos/model"
)

type chaosCommand struct {
	Run   chaosRunCommand   `cmd:"" default:"withargs" help:"Break a platform of its own while customers buy, and check the books."`
	Model chaosModelCommand `cmd:"" help:"Explore the schedules of orders in virtual time."`
	List  chaosListCommand  `cmd:"" help:"List the scenarios, and what is not tested."`
}

type chaosRunCommand struct {
	Scenario  []string      `arg:"" optional:"" help:"Scenarios to play; all plays all. Without any, a selection of about ten minutes."`
	Seed      uint64        `help:"First seed; 0 draws one."`
	Seeds     int           `help:"Play everything with so many seeds." default:"1"`
	Buyers    int           `help:"Customers at once." default:"6"`
	Calm      time.Duration `help:"Load before anything goes wrong." default:"2s"`
	Storm     time.Duration `help:"How long it may go wrong." default:"8s"`
	After     time.Duration `help:"Load once all is well again." default:"3s"`
	Histories string        `help:"Write what the customers did and heard to files in this folder." placeholder:"DIR"`
	JSON      string        `name:"json" help:"Write the rows to this file, too." placeholder:"FILE"`
	Document  string        `help:"Put the table into its place in this document, too, like docs/reliability.md." placeholder:"FILE"`
}

var errFound = errors.New("something happened that must not happen; the rows say what")

// Run plays the scenarios and prints the table.
func (c *chaosRunCommand) Run(ctx context.Context, cli *commands) error {
	scenarios, unknown := chaos.Find(c.Scenario)
	if unknown != "" {
		return fmt.Errorf("there is no scenario %q; `kassa chaos list` shows them", unknown)
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64N(1_000_000) + 1
	}
	o := chaos.Options{
		Home: cli.Home, Scenarios: scenarios, Buyers: c.Buyers, Calm: c.Calm, Storm: c.Storm, After: c.After, Histories: c.Histories,
		Progress: showProgress, Done: func(r chaos.Row) { fmt.Println(r) },
	}
	for n := range max(1, c.Seeds) {
		o.Seeds = append(o.Seeds, c.Seed+uint64(n)) //nolint:gosec // not negative
	}
	rows, err := chaos.Run(ctx, o)
	fmt.Println()
	err = errors.Join(err, chaos.Print(os.Stdout, rows))
	if c.JSON != "" {
		content, failed := json.MarshalIndent(rows, "", "  ")
		if failed == nil {
			failed = os.WriteFile(c.JSON, append(content, '\n'), 0o644) //nolint:gosec // for everybody
		}
		err = errors.Join(err, failed)
	}
	if c.Document != "" {
		err = errors.Join(err, c.document(rows))
	}
	if chaos.Broken(rows) {
		err = errors.Join(errFound, err)
	}
	return err
}

// document writes the table into a document, with what it was made by.
func (c *chaosRunCommand) document(rows []chaos.Row) error {
	text, err := os.ReadFile(c.Document)
	if err != nil {
		return err
	}
	heading := fmt.Sprintf("`kassa %s` on %s, %d processors (%s/%s), %s:",
		strings.Join(os.Args[1:], " "), time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	changed, err := chaos.Document(string(text), heading, rows)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Document, err)
	}
	return os.WriteFile(c.Document, []byte(changed), 0o644) //nolint:gosec // for everybody
}

type chaosModelCommand struct {
	Schedules int    `help:"Schedules to explore." default:"100000"`
	Seed      uint64 `help:"Seed of the first schedule." default:"1"`
	Story     uint64 `help:"Tell what happens in the schedule of this seed instead." placeholder:"SEED"`
}

// Run explores and prints what it has found.
func (c *chaosModelCommand) Run(ctx context.Context) error {
	o := model.Options{Seed: c.Seed, Schedules: c.Schedules, Enough: 20}
	if c.Story > 0 {
		o = model.Options{Seed: c.Story, Schedules: 1, Say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	}
	r, err := model.Explore(ctx, o)
	if err != nil {
		return err
	}
	for _, f := range r.Findings {
		fmt.Println("FAIL", f)
	}
	fmt.Printf("%d schedules in %s: %d orders (%d confirmed, %d rejected, %d cancelled), %d parcels, %d refunds, %d returns, %d sagas began again in another worker, %d findings\n",
		r.Schedules, r.Took.Round(100*time.Millisecond), r.Orders, r.Confirmed, r.Rejected, r.Cancelled, r.Shipped, r.Refunded, r.Returned, r.Replays, len(r.Findings))
	if len(r.Findings) > 0 {
		return errFound
	}
	return nil
}

type chaosListCommand struct{}

// Run lists what can be shown, and what cannot.
func (c *chaosListCommand) Run() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range chaos.Scenarios() {
		mark := " "
		if s.Quick {
			mark = "*"
		}
		fmt.Fprintf(table, "%s %s\t%s\n", mark, s.Name, s.Fault)
	}
	fmt.Fprintln(table, "\n* is played when no scenario is named. Not tested here:")
	for _, row := range chaos.Untested() {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}
