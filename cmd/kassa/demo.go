package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pterm/pterm"

	"kassa/cmd/kassa/demo"
	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
)

type demoCommand struct {
	Once      bool `help:"Leave when everything has been played; exit with 0 when all went as it must, with 1 otherwise."`
	FreePorts bool `help:"Use any free ports instead of the usual ones."`
}

// Run starts the platform with two order workers, plays the scenes, checks the
// invariants, and stays up until ctx is over.
func (c *demoCommand) Run(ctx context.Context, cli *commands) error {
	begin := time.Now()
	stack, err := localstack.Start(ctx, localstack.Options{
		StateDir: cli.Home, FreePorts: c.FreePorts, Instances: map[string]int{"order": 2}, Log: io.Discard, Progress: showProgress,
	})
	if err != nil {
		return err
	}
	showProgress(fmt.Sprintf("the platform is up after %s", time.Since(begin).Round(100*time.Millisecond)))
	failed := c.play(ctx, stack)
	if failed == nil {
		fmt.Println(pterm.Green("\nEvery checkout ended as it must."))
	}
	if !c.Once && ctx.Err() == nil {
		showAddresses(stack.Addresses())
		if failed != nil {
			fmt.Fprintln(os.Stderr, pterm.Red("\nkassa: "+failed.Error()))
		}
		fmt.Println("\nEverything stays up for you to try. Ctrl-C stops it.")
		<-ctx.Done()
	}
	if c.Once {
		showAddresses(stack.Addresses())
	}
	return errors.Join(failed, stopStack(stack))
}

func (c *demoCommand) play(ctx context.Context, stack *localstack.Stack) error {
	failed := demo.Play(ctx, stack, os.Stdout)
	fmt.Println(pterm.Bold.Sprint("\nThe invariants"))
	check := verify.Of(stack.Addresses())
	check.Strict, check.Progress = true, showProgress
	report, err := verify.Run(ctx, check)
	if err == nil {
		err = report.Print(os.Stdout)
	}
	if err == nil && !report.OK() {
		err = errBroken
	}
	return errors.Join(failed, err)
}
