//go:build !linux

package postgres

import (
	"os/exec"
	"strconv"
	"strings"
)

const unicodeLocale = "UTF-8"

// worksIn reports whether the process is a postmaster started on dir.
func worksIn(pid int, dir string) bool {
	command, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), "postgres") && strings.Contains(string(command), dir)
}
