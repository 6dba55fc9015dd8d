package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"kassa/internal/durable"
	"kassa/internal/localstack"
)

// start starts a platform on free ports. Its state lies beside the usual one:
// a temporary directory may be in memory, where a commit costs nothing.
func start(ctx context.Context, o Options) (*localstack.Stack, string, error) {
	home, err := localstack.StateDir(o.Home)
	if err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp(home, "bench-")
	if err != nil {
		return nil, "", err
	}
	stack, err := localstack.Start(ctx, localstack.Options{
		StateDir: dir, ToolsDir: localstack.ToolsDir(home, ""), FreePorts: true, Progress: o.Progress,
	})
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return stack, dir, err
}

// tidy removes the platform's state; after a failure all but the logs.
func tidy(dir string, err error) error {
	if err == nil {
		return os.RemoveAll(dir)
	}
	for _, part := range []string{"data", "bin", "secrets"} {
		_ = os.RemoveAll(filepath.Join(dir, part))
	}
	return fmt.Errorf("%w\nthe logs of this run are in %s", err, filepath.Join(dir, "logs"))
}

// bench is a platform with its load.
type bench struct {
	options   Options
	stack     *localstack.Stack
	addresses localstack.Addresses
	dir       string
	temporal  client.Client
	nulls     *nullSagas
	buyers    *buyers
	backlogs  backlogs
	idle      cost // of one second without customers
}

func newBench(ctx context.Context, o Options, stack *localstack.Stack, dir string) (*bench, error) {
	b := &bench{options: o, stack: stack, addresses: stack.Addresses(), dir: dir}
	var err error
	b.temporal, err = durable.Dial(durable.Options{Address: b.addresses.Temporal, Namespace: b.addresses.Namespace, Log: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	if b.nulls, err = newNullSagas(b.temporal); err != nil {
		return nil, err
	}
	o.Progress(fmt.Sprintf("filling the shelves with %d articles, welcoming %d customers", articles, customers))
	if b.buyers, err = newBuyers(ctx, b.addresses); err != nil {
		return nil, err
	}
	b.backlogs, err = watchBacklogs(ctx, b.addresses)
	return b, err
}

func (b *bench) close() {
	b.backlogs.close()
	b.nulls.worker.Stop()
	b.temporal.Close()
}

// warmUp fills caches, pools and connections; what is slow once is not measured.
func (b *bench) warmUp(ctx context.Context) error {
	for _, do := range []func(context.Context, int) error{b.nulls.do, b.buyers.do} {
		if _, err := drive(ctx, b.options.Clients, min(b.options.Round, 4*time.Second), do); err != nil {
			return err
		}
	}
	_, err := b.backlogs.drain(ctx)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
