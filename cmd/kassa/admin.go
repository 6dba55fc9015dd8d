package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"kassa/activities/user"
	"kassa/internal/localstack"
	"kassa/internal/operations"
)

type adminCommand struct {
	Create adminCreateCommand `cmd:"" help:"Make an admin, or make an existing account one."`
}

type adminCreateCommand struct {
	Email         string `arg:"" help:"E-mail address to sign in with."`
	Name          string `help:"What to call the person." default:"Admin"`
	PasswordStdin bool   `help:"Read the password from standard input, instead of asking for it." xor:"password"`
	Generate      bool   `help:"Make a password and print it." xor:"password"`

	UserURL       string `help:"User service of another platform than the local one." env:"KASSA_USER_URL" placeholder:"URL" group:"Another platform than the local one"`
	InternalToken string `help:"Its internal token." env:"KASSA_INTERNAL_TOKEN" placeholder:"TOKEN" group:"Another platform than the local one"`
}

// Run makes the admin and says whether the account is new. The password of an
// account that exists stays.
func (c *adminCreateCommand) Run(ctx context.Context, cli *commands) error {
	caller, err := c.caller(cli.Home)
	if err != nil {
		return err
	}
	password, err := c.password(os.Stdin, os.Stderr)
	if err != nil {
		return err
	}
	return c.create(ctx, caller, password, os.Stdout)
}

// caller reaches the user service of the running platform, or of another one.
func (c *adminCreateCommand) caller(home string) (*operations.Caller, error) {
	if c.UserURL != "" {
		if c.InternalToken == "" {
			return nil, errors.New("the internal token of that platform is missing: set KASSA_INTERNAL_TOKEN")
		}
		return callerOf(c.InternalToken, strings.Split(c.UserURL, ",")), nil
	}
	platform, err := localstack.Running(home)
	if err != nil {
		return nil, err
	}
	return callerOf(platform.Secrets.InternalToken, platform.Services[user.Queue]), nil
}

func callerOf(token string, urls []string) *operations.Caller {
	return operations.NewCaller(operations.CallerOptions{Token: token, URLs: map[string][]string{user.Queue: urls}})
}

func (c *adminCreateCommand) create(ctx context.Context, caller *operations.Caller, password string, out io.Writer) error {
	var accounts *user.Service // names the operation
	made, err := operations.Call(ctx, caller, user.Queue, accounts.CreateAdmin, user.CreateAdminInput{Email: c.Email, Password: password, Name: c.Name})
	if err != nil {
		return fmt.Errorf("make %s an admin: %w", c.Email, err)
	}
	switch {
	case made.Existed:
		_, err = fmt.Fprintf(out, "%s is an admin now. The account existed, so its password stays.\n", made.User.Email)
	case c.Generate:
		_, err = fmt.Fprintf(out, "%s is an admin, with the password %s\n", made.User.Email, password)
	default:
		_, err = fmt.Fprintf(out, "%s is an admin.\n", made.User.Email)
	}
	return err
}

// password asks for one at the terminal, twice and without showing it, unless
// it comes otherwise.
func (c *adminCreateCommand) password(in *os.File, prompts io.Writer) (string, error) {
	switch {
	case c.Generate:
		return rand.Text(), nil
	case c.PasswordStdin:
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	case !term.IsTerminal(int(in.Fd())):
		return "", errors.New("there is no terminal to ask for the password at: use --password-stdin or --generate")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		_, _ = fmt.Fprint(prompts, prompt)
		line, err := term.ReadPassword(int(in.Fd()))
		_, _ = fmt.Fprintln(prompts)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ; nothing was done")
	}
	return typed[0], nil
}
