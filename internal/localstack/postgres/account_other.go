//go:build !linux

package postgres

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// account is the unprivileged user Postgres runs as; here always nil, the caller.
type account struct{}

func unprivilegedAccount(string) (*account, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("root cannot run Postgres: run this command as another user")
	}
	return nil, nil
}

func (a *account) apply(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{} }

func (a *account) own(string) error { return nil }
