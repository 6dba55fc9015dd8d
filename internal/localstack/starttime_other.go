//go:build !linux

package localstack

import (
	"os/exec"
	"strconv"
	"strings"
)

// startTime returns when a process started; "" when it is gone.
func startTime(pid int) string {
	output, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}
