package localstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kassa/internal/localstack/postgres"
	"kassa/internal/localstack/toolchain"
)

// Stack is a running platform.
type Stack struct {
	options  Options
	secrets  Secrets
	ports    portPlan
	usual    portPlan // of the services, started here or not
	console  *console
	lock     *os.File
	postgres *postgres.Server
	frontend *frontend
	binDir   string

	mu         sync.Mutex
	components [stages][]component
}

// Start starts the platform and returns when all of it can serve. On failure nothing stays behind.
// ctx bounds the start only; the platform then runs until Stop.
func Start(ctx context.Context, o Options) (*Stack, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Stack{options: o, console: &console{out: o.Log}, usual: portPlan{}}
	for _, sv := range services {
		s.usual[sv.name] = sv.port
	}
	if err := s.prepare(ctx); err != nil {
		s.giveBack()
		return nil, err
	}
	if err := s.startAll(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return nil, errors.Join(err, s.Stop(stopCtx))
	}
	return s, writeJSON(addressesFile(o.StateDir), s.Addresses())
}

// prepare takes the state directory, ends what an earlier launcher left and plans the ports.
func (s *Stack) prepare(ctx context.Context) (err error) {
	dir := s.options.StateDir
	if s.lock, err = takeState(dir); err != nil {
		return err
	}
	if err := reap(ctx, dir); err != nil {
		return err
	}
	_ = os.Remove(addressesFile(dir))
	if err := writeRecord(dir, launcherRecord, os.Getpid()); err != nil {
		return err
	}
	for _, name := range []string{"data", "logs"} {
		if err := os.MkdirAll(s.path(name), 0o755); err != nil {
			return err
		}
	}
	if s.secrets, err = loadSecrets(dir); err != nil {
		return err
	}
	s.ports, err = planPorts(s.options)
	return err
}

// startAll starts every component as soon as what it needs is there.
func (s *Stack) startAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	// begin runs start once all its needs are met; the gate it returns opens when start is done.
	begin := func(wanted bool, start func(context.Context) error, needs ...gate) gate {
		done := newGate()
		group.Go(func() error {
			if !wanted {
				done.open()
				return nil
			}
			if err := waitFor(ctx, needs...); err != nil {
				return err
			}
			if err := start(ctx); err != nil {
				return err
			}
			done.open()
			return nil
		})
		return done
	}

	o := s.options
	databases := begin(o.needs(namePostgres), s.startPostgres)
	bus := begin(o.needs(nameNATS), s.startNATS)
	tools := begin(o.needs(nameTemporal) || o.needs(nameTemporalUI), s.ensureTools)
	programs := begin(len(o.selected()) > 0, s.findPrograms)
	temporal := begin(o.needs(nameTemporal), s.startTemporal, tools, databases)
	begin(o.needs(nameTemporalUI), s.startTemporalUI, tools)

	for _, sv := range o.selected() {
		migrate := func(ctx context.Context) error { return s.migrate(ctx, sv) }
		needs := []gate{begin(sv.database != "", migrate, programs, databases), programs}
		if sv.stage != stageSandbox {
			needs = append(needs, temporal, bus)
		}
		for _, name := range o.processNames(sv.name) {
			begin(true, func(ctx context.Context) error { return s.startService(ctx, sv, name) }, needs...)
		}
	}
	return group.Wait()
}

func (s *Stack) ensureTools(ctx context.Context) error {
	return toolchain.Ensure(ctx, s.options.ToolsDir, s.options.Progress,
		toolchain.TemporalServer, toolchain.TemporalSQLTool, toolchain.TemporalUI)
}

// findPrograms finds the programs of the services, or builds them.
func (s *Stack) findPrograms(ctx context.Context) error {
	var names, folders []string
	for _, sv := range s.options.selected() {
		names, folders = append(names, sv.name), append(folders, sv.folder)
	}
	if dir := s.options.BinDir; dir != "" {
		if missing := missingPrograms(dir, names); len(missing) > 0 {
			return fmt.Errorf("%s lacks the programs %s", dir, strings.Join(missing, ", "))
		}
		s.binDir = dir
		return nil
	}
	if self, err := os.Executable(); err == nil && len(missingPrograms(filepath.Dir(self), names)) == 0 {
		s.binDir = filepath.Dir(self)
		return nil
	}
	s.options.Progress("building the services")
	s.binDir = s.path("bin")
	return toolchain.Packages(ctx, s.binDir, folders...)
}

func missingPrograms(dir string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular()
	})
}

// migrate brings the database of a service up to date.
func (s *Stack) migrate(ctx context.Context, sv service) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, sv.name), "migrate")
	cmd.Env = s.environment(sv, sv.name)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate the database of %s: %w\n%s", sv.name, err, output)
	}
	return nil
}

func (s *Stack) startService(ctx context.Context, sv service, name string) error {
	s.options.Progress("starting " + name)
	return s.startProcess(ctx, sv.stage, &process{
		name:    name,
		program: filepath.Join(s.binDir, sv.name),
		env:     s.environment(sv, name),
		ready:   answers(s.url(name) + "/ready"),
	})
}

// startProcess starts a program and keeps it alive until the platform stops.
func (s *Stack) startProcess(ctx context.Context, at stage, p *process) (err error) {
	p.stateDir, p.dir = s.options.StateDir, s.options.StateDir
	if p.log, err = openLog(s.path("logs"), p.name, s.console); err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	s.add(at, p)
	return nil
}

func (s *Stack) add(at stage, c component) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.components[at] = append(s.components[at], c)
}

// path returns a path in the state directory.
func (s *Stack) path(elements ...string) string {
	return filepath.Join(append([]string{s.options.StateDir}, elements...)...)
}
