package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kassa/internal/localstack"
	"kassa/internal/localstack/toolchain"
	"kassa/sandbox/shopper"
)

// errNotHere says that this machine cannot show a scenario.
var errNotHere = errors.New("it cannot be shown here")

// platform is where scenarios play.
type platform struct {
	dir   string
	disk  *disk // that dir is on; nil for the machine's
	stack *localstack.Stack
	shop  *shopper.Shop
}

// build builds the services with the tag chaos.
func build(ctx context.Context, o Options) (home, programs string, err error) {
	if home, err = localstack.StateDir(o.Home); err != nil {
		return "", "", err
	}
	programs = filepath.Join(home, "bin-chaos")
	o.Progress("building the services with the tag chaos")
	return home, programs, toolchain.Tagged(ctx, programs, "chaos", "workers/...", "sandbox/...")
}

// start starts a platform on free ports, with two processes of what is on the
// way of a checkout. ownDisk puts its files on a disk that can be full.
func start(ctx context.Context, o Options, home, programs string, ownDisk bool) (*platform, error) {
	dir, err := os.MkdirTemp(home, "chaos-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // Postgres runs as somebody else
		return nil, err
	}
	p := &platform{dir: dir}
	if ownDisk {
		if p.disk, err = mountDisk(dir); err != nil {
			return nil, errors.Join(err, os.Remove(dir))
		}
	}
	p.stack, err = localstack.Start(ctx, localstack.Options{
		StateDir: dir, ToolsDir: localstack.ToolsDir(home, ""), BinDir: programs, FreePorts: true,
		Instances: map[string]int{"gateway": 2, "product": 2, "inventory": 2, "cart": 2, "order": 2, "payment": 2}, Progress: o.Progress,
	})
	if err == nil {
		p.shop, err = open(ctx, p.stack.Addresses())
	}
	if err != nil {
		return nil, errors.Join(err, p.end(ctx, false))
	}
	return p, nil
}

// open opens the shop, by way of all gateways.
func open(ctx context.Context, a localstack.Addresses) (*shopper.Shop, error) {
	front, err := shopper.NewFront(ctx, a.Gateways)
	if err != nil {
		return nil, err
	}
	return shopper.Open(ctx, a.Gateway, a.Secrets.AdminEmail, a.Secrets.AdminPassword, front)
}

// end stops the platform and throws away what it leaves, or says where that is.
func (p *platform) end(ctx context.Context, sound bool) (err error) {
	if p.stack != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = p.stack.Stop(ctx)
	}
	if !sound || err != nil {
		return errors.Join(err, fmt.Errorf("the databases and logs of this run are in %s", p.dir))
	}
	if p.disk != nil {
		err = p.disk.remove()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
