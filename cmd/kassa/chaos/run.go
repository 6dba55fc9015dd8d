package chaos

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"kassa/cmd/kassa/verify"
	"kassa/internal/localstack"
	"kassa/sandbox/shopper"
)

// Options say what to break, and for how long.
type Options struct {
	Home      string // state directory of the usual platform; the runner makes its own beside it
	Scenarios []Scenario
	Seeds     []uint64
	Buyers    int           // customers at once
	Calm      time.Duration // load before anything goes wrong
	Storm     time.Duration // how long it may go wrong, where the scenario has no end of its own
	After     time.Duration // load once all is well again
	Histories string        // folder for what the customers did and heard, a file for each run; "" for none
	Progress  func(string)
	Done      func(Row) // told each row as it comes
}

// settle is how long the platform may take to come to rest: the way of an order
// that only Reconcile can find is the longest.
const settle = 4 * time.Minute

// Run starts a platform that can be told to fail, plays every scenario with
// every seed on it, and stops it again; a scenario that needs a disk of its own
// has a platform of its own, and is left out where there is none. Run ends early
// with an error that says that it could not go on; what it has found is in the rows.
func Run(ctx context.Context, o Options) (rows []Row, err error) {
	home, programs, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	var common *platform
	defer func() {
		if common != nil {
			o.Progress("stopping")
			err = errors.Join(err, common.end(ctx, err == nil && !Broken(rows)))
		}
	}()
	for _, seed := range o.Seeds {
		for _, sc := range o.Scenarios {
			var row Row
			if sc.disk {
				row, err = alone(ctx, o, home, programs, sc, seed)
			} else {
				if common == nil {
					if common, err = start(ctx, o, home, programs, false); err != nil {
						return rows, err
					}
				}
				row, err = play(ctx, common, sc, seed, o)
			}
			if errors.Is(err, errNotHere) {
				o.Progress(fmt.Sprintf("LEFT OUT: %s, seed %d: %v", sc.Name, seed, err))
				err = nil
				continue
			}
			if err != nil {
				return rows, fmt.Errorf("%s, seed %d: %w", sc.Name, seed, err)
			}
			rows = append(rows, row)
			if o.Done != nil {
				o.Done(row)
			}
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("nothing was played")
	}
	return rows, nil
}

// alone plays one scenario on a platform of its own, whose disk can be full.
func alone(ctx context.Context, o Options, home, programs string, sc Scenario, seed uint64) (row Row, err error) {
	p, err := start(ctx, o, home, programs, true)
	if err != nil {
		return row, err
	}
	row, err = play(ctx, p, sc, seed, o)
	if err == nil && !row.Sound() {
		row.Notes = append(row.Notes, p.end(ctx, false).Error())
		return row, nil
	}
	return row, errors.Join(err, p.end(ctx, err == nil))
}

// Play plays one scenario on a running platform with at least two order services.
func Play(ctx context.Context, stack *localstack.Stack, shop *shopper.Shop, sc Scenario, seed uint64, o Options) (Row, error) {
	return play(ctx, &platform{stack: stack, shop: shop}, sc, seed, o)
}

func play(ctx context.Context, p *platform, sc Scenario, seed uint64, o Options) (row Row, err error) {
	begin := time.Now()
	row = Row{Seed: seed, Scenario: sc.Name, Fault: sc.Fault}
	name := fnv.New64a()
	_, _ = name.Write([]byte(sc.Name))
	key := fmt.Sprintf("chaos-%s-%d-%d", sc.Name, seed, begin.UnixMilli())
	c, err := newCrew(ctx, p.shop, key, max(1, o.Buyers), sc.mood)
	if err != nil {
		return row, err
	}
	s := &stage{
		stack: p.stack, where: p.stack.Addresses(), disk: p.disk, crew: c, during: o.Storm,
		dice: rand.New(rand.NewPCG(seed, name.Sum64())), //nolint:gosec // a repeatable run needs no secrets
		say:  func(format string, args ...any) { o.Progress(sc.Name + ": " + fmt.Sprintf(format, args...)) },
	}
	o.Progress(fmt.Sprintf("%s: %s", sc.Name, sc.Fault))
	if sc.contest != nil {
		if err := sc.contest(ctx, s); err != nil {
			return row, err
		}
		row.During = c.waits(0, c.history.now())
	} else if err := s.storm(ctx, sc, seed, o, &row); err != nil {
		return row, err
	}
	if err := s.audit(ctx, &row); err != nil {
		return row, err
	}
	row.count(c)
	row.Notes, row.Took = append(row.Notes, s.notes...), time.Since(begin)
	return row, s.keep(o, row)
}

// storm is load before, during and after something goes wrong.
func (s *stage) storm(ctx context.Context, sc Scenario, seed uint64, o Options, row *Row) error {
	c := s.crew
	c.open(ctx, seed)
	failed := wait(ctx, o.Calm)
	struck := c.history.now()
	if failed == nil {
		failed = errors.Join(sc.strike(ctx, s), s.whole(ctx))
	}
	healed := c.history.now()
	if failed == nil {
		failed = wait(ctx, o.After)
	}
	c.finish()
	row.Before, row.During, row.After = c.waits(0, struck), c.waits(struck, healed), c.waits(healed, c.history.now())
	row.Recovered = max(0, c.history.trouble()-healed)
	return failed
}

// audit waits until everything has come to rest and looks at all books.
func (s *stage) audit(ctx context.Context, row *Row) error {
	if err := s.whole(ctx); err != nil {
		return err
	}
	check := verify.Of(s.where)
	check.Strict, check.Settle = true, settle
	check.Progress = func(what string) { s.say("%s", what) }
	report, err := verify.Run(ctx, check)
	if err != nil {
		return err
	}
	b, err := readBooks(ctx, s.where, s.crew.key)
	if err != nil {
		return err
	}
	found, wrong := s.crew.compare(b)
	found.Stuck += len(report.Busy)
	found.Broken = s.faulty + len(report.Broken())
	row.Findings, row.Notes = found, append(row.Notes, wrong...)
	for _, result := range report.Results {
		for _, finding := range result.Findings {
			row.Notes = append(row.Notes, fmt.Sprintf("%s: %s: %s", result.ID, finding.Key, finding.What))
		}
	}
	for _, busy := range report.Busy {
		row.Notes = append(row.Notes, "not quiet: "+busy)
	}
	return nil
}

// keep writes the history of a run, when asked to or when something was found.
func (s *stage) keep(o Options, row Row) error {
	if o.Histories == "" {
		return nil
	}
	if err := os.MkdirAll(o.Histories, 0o755); err != nil { //nolint:gosec // for everybody
		return err
	}
	file, err := os.Create(filepath.Join(o.Histories, fmt.Sprintf("%s-%d.jsonl", row.Scenario, row.Seed)))
	if err != nil {
		return err
	}
	return errors.Join(s.crew.history.write(file), file.Close())
}
