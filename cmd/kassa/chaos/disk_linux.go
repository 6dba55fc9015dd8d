package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// disk is a file system in memory, for the files of a platform, that can be
// full. Only pages in use take memory.
type disk struct{ dir string }

const (
	diskFlags = syscall.MS_NOSUID | syscall.MS_NODEV
	diskSize  = "size=8g"
)

// mountDisk mounts a disk with plenty of room at dir. It is errNotHere for whoever
// may not mount.
func mountDisk(dir string) (*disk, error) {
	if err := syscall.Mount("kassa-chaos", dir, "tmpfs", diskFlags, diskSize+",mode=0755"); err != nil {
		return nil, fmt.Errorf("%w: mount a disk at %s, as only root may: %w", errNotHere, dir, err)
	}
	return &disk{dir}, nil
}

// fill leaves no room for another page (ENOSPC).
func (d *disk) fill(ctx context.Context) error {
	for {
		var now syscall.Statfs_t
		if err := syscall.Statfs(d.dir, &now); err != nil {
			return fmt.Errorf("room at %s: %w", d.dir, err)
		}
		err := d.remount(fmt.Sprintf("size=%d", (now.Blocks-now.Bfree)*uint64(now.Bsize))) //nolint:gosec // a size is not negative
		if !errors.Is(err, syscall.EINVAL) {
			return err
		}
		if err := wait(ctx, time.Millisecond); err != nil { // more is in use by now
			return err
		}
	}
}

// clear makes room again.
func (d *disk) clear() error { return d.remount(diskSize) }

func (d *disk) remount(size string) error {
	if err := syscall.Mount("kassa-chaos", d.dir, "tmpfs", diskFlags|syscall.MS_REMOUNT, size); err != nil {
		return fmt.Errorf("remount %s with %s: %w", d.dir, size, err)
	}
	return nil
}

// remove throws everything away, as soon as nobody has a file of it open.
func (d *disk) remove() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
