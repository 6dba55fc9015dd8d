package localstack

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsComponent is NATS with JetStream inside this process.
type natsComponent struct {
	options *server.Options
	mu      sync.Mutex
	current *server.Server
}

func (s *Stack) startNATS(context.Context) error {
	s.options.Progress("starting NATS")
	c := &natsComponent{options: &server.Options{
		ServerName: "kassa",
		Host:       "127.0.0.1",
		Port:       s.ports[nameNATS],
		JetStream:  true,
		StoreDir:   s.path("data", "nats"),
		LogFile:    s.path("logs", "nats.log"),
		NoSigs:     true, // signals are for the launcher
	}}
	if err := c.start(); err != nil {
		return err
	}
	s.add(stageStore, c)
	return nil
}

func (c *natsComponent) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ns, err := server.NewServer(c.options.Clone())
	if err != nil {
		return err
	}
	ns.ConfigureLogger()
	ns.Start()
	if !ns.ReadyForConnections(10 * time.Second) {
		ns.Shutdown()
		return errors.New("no answer from NATS after its start: see logs/nats.log in the state directory")
	}
	c.current = ns
	return nil
}

func (c *natsComponent) Name() string { return nameNATS }

func (c *natsComponent) Ready(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.current.Running() {
		return errors.New("NATS is not running")
	}
	return nil
}

// Kill drops every connection at once and starts the server again. Sharing our process, it cannot
// be killed harder.
func (c *natsComponent) Kill() error {
	if err := c.Stop(context.Background()); err != nil {
		return err
	}
	return c.start()
}

func (c *natsComponent) Stop(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.Shutdown()
	c.current.WaitForShutdown()
	return nil
}
