package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"kassa/internal/localstack"
	"kassa/internal/localstack/toolchain"
)

type temporalCommand struct {
	Args []string `arg:"" optional:"" passthrough:"" help:"Arguments of the command line, such as: workflow list"`
}

// Run becomes the temporal command line; one on PATH will do.
func (c *temporalCommand) Run(ctx context.Context, cli *commands) error {
	platform, err := localstack.Running(cli.Home)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(toolchain.TemporalCLI.Name)
	if err != nil {
		if program, err = pinnedTool(ctx, cli, toolchain.TemporalCLI); err != nil {
			return err
		}
	}
	return become(program, c.Args,
		"TEMPORAL_ADDRESS="+platform.Temporal,
		"TEMPORAL_NAMESPACE="+platform.Namespace)
}

type tctlCommand struct {
	Args []string `arg:"" optional:"" passthrough:"" help:"Arguments of tctl, such as: workflow list"`
}

// Run becomes tctl.
func (c *tctlCommand) Run(ctx context.Context, cli *commands) error {
	platform, err := localstack.Running(cli.Home)
	if err != nil {
		return err
	}
	program, err := pinnedTool(ctx, cli, toolchain.Tctl)
	if err != nil {
		return err
	}
	return become(program, c.Args,
		"TEMPORAL_CLI_ADDRESS="+platform.Temporal,
		"TEMPORAL_CLI_NAMESPACE="+platform.Namespace)
}

// pinnedTool returns the path of a tool and builds it at its first use.
func pinnedTool(ctx context.Context, cli *commands, tool toolchain.Tool) (string, error) {
	stateDir, err := localstack.StateDir(cli.Home)
	if err != nil {
		return "", err
	}
	dir := localstack.ToolsDir(stateDir, "")
	if err := toolchain.Ensure(ctx, dir, showProgress, tool); err != nil {
		return "", err
	}
	return filepath.Join(dir, tool.Name), nil
}

// become replaces this process, so that signals, terminal and exit code are the program's own.
func become(program string, args []string, env ...string) error {
	err := syscall.Exec(program, append([]string{program}, args...), append(os.Environ(), env...))
	return fmt.Errorf("run %s: %w", program, err)
}
