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

// Options say how long and how hard to measure.
type Options struct {
	Home     string        // state directory of the usual platform; the bench makes its own beside it
	Round    time.Duration // each round of each kind
	Rounds   int
	Clients  int // at once, where throughput is measured
	Progress func(string)
}

// Checkout starts a platform of its own, measures checkouts beside null sagas
// and stops it again.
func Checkout(ctx context.Context, o Options) (report Report, err error) {
	stack, dir, err := start(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		o.Progress("stopping")
		if failed := stack.Stop(stopping); err == nil {
			err = failed
		}
		err = tidy(dir, err)
	}()
	b, err := newBench(ctx, o, stack, dir)
	if err != nil {
		return report, err
	}
	defer b.close()
	o.Progress("warming up")
	if err := b.warmUp(ctx); err != nil {
		return report, err
	}
	if err := b.measureStructure(ctx); err != nil {
		return b.report, err
	}
	return b.report, b.measureSpeed(ctx)
}

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
	report    Report
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

// looks is how many checkouts are looked at one by one. What else goes on in the
// platform can only add to what is seen, so the smallest is the checkout's own.
const looks = 5

// measureStructure counts what does not depend on the machine.
func (b *bench) measureStructure(ctx context.Context) error {
	b.options.Progress("looking at single checkouts")
	for range looks {
		// Long enough for relays and webhooks, too short for connections to be asked whether they live.
		if err := sleep(ctx, 600*time.Millisecond); err != nil {
			return err
		}
		seen, orderID, err := watchTransactions(ctx, b.addresses, b.dir, b.buyers.buyOne)
		if err != nil {
			return err
		}
		if b.report.BeforeAnswer == nil || len(seen) < len(b.report.BeforeAnswer) {
			b.report.BeforeAnswer = seen
		}
		if b.report.Events, err = checkoutEvents(ctx, b.temporal, orderID); err != nil {
			return err
		}
		if err := checkShape(b.report.Events); err != nil {
			return err
		}
	}
	return checkTransactions(b.report.BeforeAnswer)
}

// measureSpeed lets rounds of both kinds alternate.
func (b *bench) measureSpeed(ctx context.Context) error {
	checkouts := 0
	before, err := committed(ctx, b.addresses)
	if err != nil {
		return err
	}
	for n := range b.options.Rounds {
		b.options.Progress(fmt.Sprintf("round %d of %d", n+1, b.options.Rounds))
		bought, err := b.round(ctx, n%2 == 0)
		if err != nil {
			return err
		}
		checkouts += bought
	}
	// Postgres counts an idle session's last transactions with a delay.
	if err := sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	after, err := committed(ctx, b.addresses)
	if err != nil {
		return err
	}
	b.report.Transactions = map[string]float64{}
	for database, n := range after {
		b.report.Transactions[database] = float64(n-before[database]) / float64(checkouts)
	}
	b.report.Repeated = b.buyers.repeated.Load()
	b.report.finish()
	return nil
}

// round measures both kinds, with many clients and with one, and answers the
// number of checkouts.
func (b *bench) round(ctx context.Context, nullFirst bool) (int, error) {
	null, checkout := &b.report.Null, &b.report.Checkout
	kinds := []struct {
		samples *Samples
		do      func(context.Context, int) error
	}{{null, b.nulls.do}, {checkout, b.buyers.do}}
	if !nullFirst {
		kinds[0], kinds[1] = kinds[1], kinds[0]
	}
	bought := 0
	for _, clients := range []int{b.options.Clients, 1} {
		for _, kind := range kinds {
			done, err := b.measure(ctx, kind.samples, clients, kind.do)
			if err != nil {
				return bought, err
			}
			if kind.samples == checkout {
				bought += done
			}
		}
	}
	return bought, nil
}

// measure takes one sample. Processor time counts until everything the round
// has caused is done.
func (b *bench) measure(ctx context.Context, samples *Samples, clients int, do func(context.Context, int) error) (int, error) {
	pids := b.stack.Pids()
	pids["bench"] = os.Getpid()
	before := processorTime(pids)
	length := b.options.Round
	if clients == 1 {
		length = (length + 1) / 2
	}
	r, err := drive(ctx, clients, length, do)
	if err != nil {
		return 0, err
	}
	drained, err := b.backlogs.drain(ctx)
	if err != nil {
		return 0, err
	}
	if clients == 1 {
		samples.AtOneClient = append(samples.AtOneClient, r.median())
		return r.done, nil
	}
	samples.add(r, drained, processorTime(pids).since(before))
	return r.done, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
