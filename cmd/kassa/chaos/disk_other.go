//go:build !linux

package chaos

import (
	"context"
	"fmt"
	"runtime"
)

// disk is a file system that can be full; there is none on this system.
type disk struct{}

func mountDisk(string) (*disk, error) {
	return nil, fmt.Errorf("%w: %s has no file system whose size changes", errNotHere, runtime.GOOS)
}

func (*disk) fill(context.Context) error { return errNotHere }
func (*disk) clear() error               { return errNotHere }
func (*disk) remove() error              { return errNotHere }
