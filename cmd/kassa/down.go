package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"kassa/internal/localstack"
)

// downTimeout is how long the platform may take to stop.
const downTimeout = 90 * time.Second

type downCommand struct{}

// Run ends the platform and whatever a killed launcher left behind.
func (c *downCommand) Run(ctx context.Context, cli *commands) error {
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	stopped, err := localstack.Down(ctx, cli.Home)
	if err != nil {
		return err
	}
	if stopped {
		fmt.Println("Stopped.")
	} else {
		fmt.Println("Nothing was running.")
	}
	return nil
}

type resetCommand struct {
	Yes bool `help:"Do not ask." short:"y"`
}

// Run deletes everything that was stored, after a question.
func (c *resetCommand) Run(ctx context.Context, cli *commands) error {
	dir, err := localstack.StateDir(cli.Home)
	if err != nil {
		return err
	}
	if !c.Yes {
		fmt.Printf("Delete all orders, payments, workflows and logs in %s? [y/N] ", dir)
		answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		if strings.ToLower(strings.TrimSpace(answer)) != "y" {
			return errors.New("nothing was deleted")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	if err := localstack.Reset(ctx, dir); err != nil {
		return err
	}
	fmt.Println("Deleted. The next `kassa up` begins anew.")
	return nil
}
