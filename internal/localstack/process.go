package localstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"kassa/internal/localstack/child"
)

// process is a component that is a program of its own.
type process struct {
	name     string
	stateDir string
	program  string
	args     []string
	env      []string
	dir      string
	ready    func(context.Context) error
	log      *processLog

	mu       sync.Mutex
	current  *child.Process
	stopping bool
	stop     chan struct{} // closed when Stop is called
	ended    chan struct{} // closed when the supervisor has returned; nil before it runs
}

// Pauses before a process that ended is started again: the first is short, because most crashes
// happen once.
const (
	firstPause  = 100 * time.Millisecond
	longestWait = 5 * time.Second
	// A process that ran this long has recovered: the next pause is short again.
	stableAfter = 10 * time.Second
)

func (p *process) Name() string { return p.name }

func (p *process) Ready(ctx context.Context) error {
	p.mu.Lock()
	ready := p.ready
	p.mu.Unlock()
	return ready(ctx)
}

// setReady replaces the readiness test by a stricter one.
func (p *process) setReady(ready func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = ready
}

// start runs the program and returns once it is ready. One that ends before that is an error, with
// its last words; afterwards it is kept alive.
func (p *process) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	p.stop = make(chan struct{})
	first, err := p.launch()
	if err != nil {
		return err
	}
	if err := poll(ctx, p.Ready, first.Done()); err != nil {
		if first.Running() {
			_ = first.Kill()
			<-first.Done()
			p.forget()
			return fmt.Errorf("%s was not ready in time: %w; its log is %s", p.name, err, p.log.file.Name())
		}
		p.forget()
		return fmt.Errorf("%s ended at start (%w); its last words:\n%s", p.name, exitReason(first), p.log.lastWords())
	}
	p.ended = make(chan struct{})
	go p.supervise()
	return nil
}

// launch runs the program once.
func (p *process) launch() (*child.Process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return nil, errors.New("the platform is being stopped")
	}
	// Lives until it is stopped, not until the start is over.
	cmd := exec.CommandContext(context.Background(), p.program, p.args...)
	cmd.Env, cmd.Dir = p.env, p.dir
	cmd.Stdout, cmd.Stderr = p.log, p.log
	started, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	p.current = started
	return started, writeRecord(p.stateDir, p.name, started.Pid())
}

// supervise starts the program again whenever it ends.
func (p *process) supervise() {
	defer close(p.ended)
	pause := firstPause
	for {
		current, begin := p.running(), time.Now()
		<-current.Done()
		if p.isStopping() {
			return
		}
		if time.Since(begin) > stableAfter {
			pause = firstPause
		}
		p.log.note("%s ended (%v), starting it again in %s", p.name, exitReason(current), pause)
		select {
		case <-p.stop:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestWait)
		if _, err := p.launch(); err != nil && !p.isStopping() {
			p.log.note("%v", err)
		}
	}
}

func (p *process) Kill() error {
	current := p.running()
	if err := current.Kill(); err != nil {
		return err
	}
	<-current.Done()
	return nil
}

func (p *process) Stop(ctx context.Context) error {
	p.mu.Lock()
	if !p.stopping {
		p.stopping = true
		close(p.stop)
	}
	current := p.current
	p.mu.Unlock()
	err := current.Stop(ctx, syscall.SIGTERM)
	if p.ended != nil {
		<-p.ended
	}
	p.forget()
	p.log.close()
	return err
}

func (p *process) forget() { _ = os.Remove(recordFile(p.stateDir, p.name)) }

func (p *process) running() *child.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *process) isStopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

func exitReason(c *child.Process) error {
	if err := c.Err(); err != nil {
		return err
	}
	return errors.New("exit code 0")
}

// answers returns a readiness test: the URL is answered with 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s", url, response.Status)
		}
		return nil
	}
}
