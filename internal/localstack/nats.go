package localstack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsComponent is NATS with JetStream inside this process, and its supervisor.
type natsComponent struct {
	options *server.Options
	stop    chan struct{} // closed when Stop is called
	ended   chan struct{} // closed when the supervisor has returned

	mu      sync.Mutex
	current *server.Server
}

// natsRoom is the most that JetStream may store, in bytes.
const natsRoom = 64 << 30

// natsWatch is how often NATS is asked how it is.
const natsWatch = 2 * time.Second

func (s *Stack) startNATS(context.Context) error {
	s.options.Progress("starting NATS")
	c := &natsComponent{stop: make(chan struct{}), ended: make(chan struct{}), options: &server.Options{
		ServerName: "kassa",
		Host:       "127.0.0.1",
		Port:       s.ports[nameNATS],
		JetStream:  true,
		StoreDir:   s.path("data", "nats"),
		// Else a part of what is free when it starts: nothing, on a disk that is full just then.
		JetStreamMaxStore: natsRoom,
		LogFile:           s.path("logs", "nats.log"),
		NoSigs:            true, // signals are for the launcher
	}}
	if err := c.start(); err != nil {
		return err
	}
	go c.supervise()
	s.add(stageStore, c)
	return nil
}

// start starts the server. Its caller has the lock, or is the first.
func (c *natsComponent) start() error {
	ns, err := server.NewServer(c.options.Clone())
	if err != nil {
		return err
	}
	ns.ConfigureLogger()
	ns.Start()
	c.current = ns
	if !ns.ReadyForConnections(10 * time.Second) {
		c.shutdown()
		return errors.New("no answer from NATS after its start: see logs/nats.log in the state directory")
	}
	return nil
}

func (c *natsComponent) shutdown() {
	c.current.Shutdown()
	c.current.WaitForShutdown()
}

// supervise starts the server again when it is not well twice in a row: a stream
// that could not be written, because the disk was full, refuses everything until then.
func (c *natsComponent) supervise() {
	defer close(c.ended)
	tick := time.NewTicker(natsWatch)
	defer tick.Stop()
	for unwell := 0; ; {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		switch health := c.current.Healthz(nil); {
		case health.Error == "":
			unwell = 0
		case unwell == 0:
			unwell++
		default:
			c.current.Errorf("starting again: %s", health.Error)
			c.shutdown()
			_ = c.start() // or it is tried again
		}
		c.mu.Unlock()
	}
}

func (c *natsComponent) Name() string { return nameNATS }

func (c *natsComponent) Ready(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if health := c.current.Healthz(nil); health.Error != "" {
		return fmt.Errorf("NATS is not well: %s", health.Error)
	}
	return nil
}

// Kill drops every connection at once and starts the server again. Sharing our process, it cannot
// be killed harder.
func (c *natsComponent) Kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shutdown()
	return c.start()
}

func (c *natsComponent) Stop(context.Context) error {
	close(c.stop)
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shutdown()
	return nil
}
