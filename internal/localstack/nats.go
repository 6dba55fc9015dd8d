package localstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/logger"
	"github.com/nats-io/nats-server/v2/server"
)

// natsComponent is NATS with JetStream inside this process, and its supervisor.
type natsComponent struct {
	options *server.Options
	log     calm
	leaving chan struct{} // closed when Stop is called
	leave   func()
	ended   chan struct{} // closed when the supervisor has returned

	mu      sync.Mutex
	current *server.Server
}

const (
	natsRoom      = 64 << 30         // bytes; the most that JetStream may store
	natsWatch     = 2 * time.Second  // how often NATS is asked how it is
	natsWatchMost = 30 * time.Second // and once it has been started again in vain
)

// calm is a log of NATS that does not end this process.
type calm struct{ *logger.Logger }

func (c calm) Fatalf(format string, args ...any) { c.Errorf(format, args...) }

func (s *Stack) startNATS(context.Context) error {
	s.options.Progress("starting NATS")
	c := &natsComponent{
		options: &server.Options{
			ServerName: "kassa",
			Host:       "127.0.0.1",
			Port:       s.ports[nameNATS],
			JetStream:  true,
			StoreDir:   s.path("data", "nats"),
			// Else a part of what is free when it starts: nothing, on a disk that is full just then.
			JetStreamMaxStore: natsRoom,
			NoSigs:            true, // signals are for the launcher
		},
		log:     calm{logger.NewFileLogger(s.path("logs", "nats.log"), true, false, false, true)},
		leaving: make(chan struct{}), ended: make(chan struct{}),
	}
	c.leave = sync.OnceFunc(func() { close(c.leaving) })
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
	ns.SetLogger(c.log, false, false)
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

// supervise starts the server again when it needs that twice in a row, ever less
// often while it is in vain.
func (c *natsComponent) supervise() {
	defer close(c.ended)
	again := false
	for pause := natsWatch; ; {
		select {
		case <-c.leaving:
			return
		case <-time.After(pause):
		}
		c.mu.Lock()
		switch why := c.broken(); {
		case why == "":
			pause, again = natsWatch, false
		case !again:
			again = true
		default:
			c.log.Errorf("starting again: %s", why)
			c.shutdown()
			if err := c.start(); err != nil {
				c.log.Errorf("%v", err)
			}
			pause, again = min(2*pause, natsWatchMost), false
		}
		c.mu.Unlock()
	}
}

// broken says why the server has to be started again, "" when it has not: a stream
// that could not be written, because the disk was full, refuses everything until then.
func (c *natsComponent) broken() string {
	health := c.current.Healthz(nil)
	if !c.current.Running() || !c.current.JetStreamEnabled() || strings.Contains(health.Error, "write error") {
		return cmp.Or(health.Error, "it does not run")
	}
	return ""
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
	c.leave()
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shutdown()
	_ = c.log.Close()
	return nil
}
