package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pterm/pterm"
	"golang.org/x/term"

	"kassa/cmd/kassa/seed"
	"kassa/internal/localstack"
)

type seedCommand struct {
	Products int   `help:"Make up so many products instead, for load tests." placeholder:"N"`
	Stock    int64 `help:"Units of each made-up product; counting them takes longer than making them." default:"0"`

	Gateway  string `help:"Another shop than the local one." env:"KASSA_GATEWAY_URL" placeholder:"URL" group:"Another platform than the local one"`
	Email    string `help:"E-mail address of an admin there." env:"KASSA_ADMIN_EMAIL" group:"Another platform than the local one"`
	Password string `help:"The admin's password." env:"KASSA_ADMIN_PASSWORD" group:"Another platform than the local one"`
}

// Run fills the shelves of the running platform. What is there already stays.
func (c *seedCommand) Run(ctx context.Context, cli *commands) error {
	o := seed.Options{Gateway: c.Gateway, Email: c.Email, Password: c.Password}
	if o.Gateway == "" {
		platform, err := localstack.Running(cli.Home)
		if err != nil {
			return err
		}
		o.Gateway = platform.Gateway
		o.Email, o.Password = platform.Secrets.AdminEmail, platform.Secrets.AdminPassword
	}
	begin := time.Now()
	o.Progress = progressOf()
	o.Made = func(created, updated, unchanged int) {
		fmt.Printf("%d products made, %d changed, %d were there, in %s.\n", created, updated, unchanged, time.Since(begin).Round(100*time.Millisecond))
	}
	if c.Products > 0 {
		return seed.Synthetic(ctx, o, c.Products, c.Stock)
	}
	return seed.Catalogue(ctx, o)
}

// progressOf shows a bar on a terminal, and a line now and then elsewhere.
func progressOf() func(what string, done, of int) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		shown := time.Time{}
		return func(what string, done, of int) {
			if done == of || time.Since(shown) > 5*time.Second {
				shown = time.Now()
				showProgress(fmt.Sprintf("%s: %d of %d", what, done, of))
			}
		}
	}
	var bar *pterm.ProgressbarPrinter
	return func(what string, done, of int) {
		if bar == nil || bar.Title != what {
			bar, _ = pterm.DefaultProgressbar.WithTitle(what).WithTotal(cmp.Or(of, 1)).WithWriter(os.Stderr).Start()
		}
		if bar != nil && done > bar.Current {
			bar.Add(done - bar.Current)
		}
	}
}
