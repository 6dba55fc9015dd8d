package postgres

import (
	"fmt"
	"os"
	"path/filepath"
)

const unicodeLocale = "C.UTF-8"

// worksIn reports whether the process has dir as its working directory, as a postmaster has its
// data directory.
func worksIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(dir)
	return err == nil && cwd == real
}
