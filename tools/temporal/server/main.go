// Command server is Temporal's own server for one machine: the same four parts, configuration and
// Postgres persistence as go.temporal.io/server/cmd/server.
//
// The stock command lets the parts find each other by gossip, for which one known neighbour is
// enough. When all start at the same moment they can pair up into two rings that meet only when
// gossip heals, half a minute and more later; meanwhile the server answers and no task moves. Here
// each part is told where the others are, so a start, also after a crash, takes a second.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // the plugin named in the configuration
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: temporal-server CONFIG_FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "temporal-server:", err)
		os.Exit(1)
	}
}

// run serves until it is interrupted.
func run(configFile string) error {
	cfg, err := config.Load(config.WithConfigFile(configFile))
	if err != nil {
		return fmt.Errorf("read %s: %w", configFile, err)
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, name := range temporal.DefaultServices {
		port := cfg.Services[name].RPC.GRPCPort
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	logger := log.NewZapLogger(log.BuildZapLogger(cfg.Log))
	server, err := temporal.NewServer(
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithConfig(cfg),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.InterruptOn(temporal.InterruptCh()),
	)
	if err != nil {
		return err
	}
	return server.Start()
}
