// Package child starts programs that must not outlive the one that started them.
//
// Each child leads its own process group, so that a Ctrl-C in the terminal reaches only the
// launcher and a signal reaches the child's own children too. On Linux the kernel signals the
// child when the launcher dies, however it dies; that promise follows the operating-system
// thread that forked, so every child keeps one thread for as long as it lives.
package child

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is one running child.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start runs cmd as a child whose process group gets orphanSignal when this process dies.
func Start(cmd *exec.Cmd, orphanSignal syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	signalOnParentDeath(cmd.SysProcAttr, orphanSignal)
	// A grandchild that kept the output open must not keep Wait from returning.
	cmd.WaitDelay = time.Second

	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Never unlocked: the thread is the parent the kernel watches. It ends with this goroutine.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Pid returns the process id, which is also the id of the process group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended; nil is exit code 0. It may be read once Done is closed.
func (p *Process) Err() error { return p.err }

// Running reports whether the child has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends sig to the child alone.
func (p *Process) Signal(sig syscall.Signal) error {
	if !p.Running() {
		return nil
	}
	return ignoreGone(syscall.Kill(p.Pid(), sig))
}

// Kill sends SIGKILL to the child and everything in its process group.
func (p *Process) Kill() error {
	if !p.Running() {
		return nil
	}
	return ignoreGone(syscall.Kill(-p.Pid(), syscall.SIGKILL))
}

// Stop asks the child to end with sig and kills it when ctx is over first.
func (p *Process) Stop(ctx context.Context, sig syscall.Signal) error {
	if err := p.Signal(sig); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := p.Kill(); err != nil {
		return err
	}
	<-p.done
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
