package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"kassa/internal/failpoint"
	"kassa/internal/localstack"
	"kassa/sandbox/psp/provider"
)

// stage is where a scenario plays.
type stage struct {
	stack  *localstack.Stack
	where  localstack.Addresses
	disk   *disk // nil unless the scenario asks for one
	crew   *crew
	dice   *rand.Rand
	during time.Duration // how long things may go wrong
	lag    time.Duration // how far the provider's search is behind while it misbehaves
	say    func(string, ...any)
	notes  []string // for the row
	faulty int      // how much of what is in notes must not be
}

// wrong notes what must not be, beside what the books tell.
func (s *stage) wrong(format string, args ...any) {
	s.faulty++
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// soon is how long something may take to come back.
const soon = time.Minute

// fleet is our processes, but for the gateway.
func (s *stage) fleet() []string {
	return slices.DeleteFunc(s.stack.Names(), func(name string) bool {
		service, _, _ := strings.Cut(name, "-")
		return s.where.Services[service] == nil
	})
}

// wait is a pause that ends with ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// whole waits until everything serves.
func (s *stage) whole(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	for _, name := range s.stack.Names() {
		if err := s.stack.WaitReady(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// kill ends components as a power cut would, all at once.
func (s *stage) kill(names ...string) error {
	for _, name := range names {
		if err := s.stack.Kill(name); err != nil {
			return err
		}
	}
	return nil
}

// again does something every so often while things may go wrong.
func (s *stage) again(ctx context.Context, pause time.Duration, do func() error) error {
	for end := time.Now().Add(s.during); time.Now().Before(end); {
		if err := do(); err != nil {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

// down keeps components dead: they are killed whenever they come back.
func (s *stage) down(ctx context.Context, names ...string) error {
	return s.again(ctx, 20*time.Millisecond, func() error { return s.kill(names...) })
}

// hang stops processes in their tracks: their connections stay, their answers do not come.
func (s *stage) hang(ctx context.Context, pids ...int) (err error) {
	for _, pid := range pids {
		if failed := syscall.Kill(pid, syscall.SIGSTOP); failed == nil {
			defer func() { err = errors.Join(err, cont(pid)) }()
		}
	}
	return wait(ctx, s.during)
}

func cont(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGCONT); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil // it has been killed meanwhile
}

// full leaves the platform's disk without room for the time.
func (s *stage) full(ctx context.Context) error {
	if s.disk == nil {
		return errNotHere
	}
	begin := s.crew.history.now()
	if err := s.disk.fill(ctx); err != nil {
		return err
	}
	err := errors.Join(wait(ctx, s.during), s.disk.clear())
	failed, all := s.crew.history.errors(begin, s.crew.history.now())
	s.notes = append(s.notes, fmt.Sprintf("%d of %d requests failed meanwhile", failed, all))
	return err
}

// pid is a component's process.
func (s *stage) pid(name string) int { return s.stack.Pids()[name] }

// instances are the processes of a service.
func (s *stage) instances(service string) (names []string) {
	for _, name := range s.stack.Names() {
		if of, _, _ := strings.Cut(name, "-"); of == service {
			names = append(names, name)
		}
	}
	return names
}

// pids are those of all processes of a service.
func (s *stage) pids(service string) (pids []int) {
	for _, name := range s.instances(service) {
		pids = append(pids, s.pid(name))
	}
	return pids
}

// family is a process and its children.
func family(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, fmt.Errorf("the children of process %d: %w", pid, err)
	}
	all := []int{pid}
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all, nil
}

// restart asks a component to stop, and waits until it serves again.
func (s *stage) restart(ctx context.Context, name string) error {
	before := s.pid(name)
	if err := syscall.Kill(before, syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	for s.pid(name) == before || s.pid(name) == 0 {
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("%s does not end: %w", name, err)
		}
	}
	return s.stack.WaitReady(ctx, name)
}

// cut ends every connection to the databases.
func (s *stage) cut(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.where.DatabaseURL("postgres", "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	return err
}

// rule is a fault of the provider at a rate.
func rule(fault string, rate float64) provider.FaultRule {
	return provider.FaultRule{Fault: fault, Rate: rate}
}

// misbehave makes the provider misbehave by rules, until behave.
func (s *stage) misbehave(ctx context.Context, rules ...provider.FaultRule) error {
	body, err := json.Marshal(provider.FaultSettings{Seed: s.dice.Uint64N(1_000_000), SearchLagMS: s.lag.Milliseconds(), Faults: rules})
	if err != nil {
		return err
	}
	return send(ctx, http.MethodPut, s.where.PSP+"/_sandbox/faults", string(body))
}

func (s *stage) behave(ctx context.Context) error {
	return send(ctx, http.MethodDelete, s.where.PSP+"/_sandbox/faults", "")
}

// provider lets the provider misbehave for the time.
func (s *stage) provider(ctx context.Context, rules ...provider.FaultRule) error {
	if err := s.misbehave(ctx, rules...); err != nil {
		return err
	}
	return errors.Join(wait(ctx, s.during), s.behave(context.WithoutCancel(ctx)))
}

// address is where a process answers itself.
func (s *stage) address(process string) string {
	service, number, second := strings.Cut(process, "-")
	n := 1
	if second {
		n, _ = strconv.Atoi(number)
	}
	urls := s.where.Services[service]
	if n > len(urls) {
		return ""
	}
	return urls[n-1]
}

// fail tells a process where to fail; "" ends it.
func (s *stage) fail(ctx context.Context, process, rules string) error {
	return send(ctx, http.MethodPut, s.address(process)+failpoint.Path, rules)
}

// send sends a request that must succeed.
func send(ctx context.Context, method, url, body string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, url, response.Status, answer)
	}
	return nil
}
