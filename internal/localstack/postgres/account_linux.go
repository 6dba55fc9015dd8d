package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the unprivileged user Postgres runs as; nil is the caller.
type account struct {
	name     string
	uid, gid int
	search   bool // may pass through directories closed to it
}

// capDacReadSearch is CAP_DAC_READ_SEARCH: pass through and read any directory.
const capDacReadSearch = 2

// unprivilegedAccount returns whom to run as: nil, unless we are root.
func unprivilegedAccount(dir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name) // initdb needs a user with a passwd entry
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(found.Uid)
		gid, _ := strconv.Atoi(found.Gid)
		a := &account{name: name, uid: uid, gid: gid}
		a.search = !a.canEnter(dir)
		return a, nil
	}
	return nil, errors.New("there is no user postgres or nobody to run Postgres, which does not run as root: create one with `useradd --system postgres`")
}

// canEnter reports whether the account may pass through dir and all directories above it. Root's
// home and temporary directories are usually closed to others.
func (a *account) canEnter(dir string) bool {
	for {
		var stat syscall.Stat_t
		if syscall.Stat(dir, &stat) != nil {
			return false
		}
		execute := uint32(0o001)
		switch {
		case int(stat.Uid) == a.uid:
			execute = 0o100
		case int(stat.Gid) == a.gid:
			execute = 0o010
		}
		if stat.Mode&execute == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// apply makes cmd run as the account.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if a == nil {
		return
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	if a.search {
		cmd.SysProcAttr.AmbientCaps = []uintptr{capDacReadSearch}
	}
}

// own gives a file or directory to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to user %s: %w", path, a.name, err)
	}
	return nil
}
