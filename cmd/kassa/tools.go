package main

import (
	"context"

	"kassa/internal/localstack"
	"kassa/internal/localstack/toolchain"
)

type toolsCommand struct{}

// Run builds the pinned programs of Temporal, so that a later start need not.
func (c *toolsCommand) Run(ctx context.Context, cli *commands) error {
	dir, err := localstack.StateDir(cli.Home)
	if err != nil {
		return err
	}
	return toolchain.Ensure(ctx, localstack.ToolsDir(dir, ""), showProgress,
		toolchain.TemporalServer, toolchain.TemporalSQLTool, toolchain.TemporalUI)
}
