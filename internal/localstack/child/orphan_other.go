//go:build !linux

package child

import "syscall"

// Only Linux can promise this; elsewhere the next start reaps what was left.
func signalOnParentDeath(*syscall.SysProcAttr, syscall.Signal) {}
