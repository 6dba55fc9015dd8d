package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scenario is one way in which things go wrong.
type Scenario struct {
	Name  string
	Fault string // what people read
	Quick bool   // part of the short selection

	disk    bool // that can be full
	mood    mood
	contest func(context.Context, *stage) error // instead of the customers' usual errands
	strike  func(context.Context, *stage) error // makes it go wrong, and right again
}

// Scenarios lists all, in the order of the table of faults.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "kill-workers", Quick: true, Fault: "kill −9 a random worker, again and again", strike: func(ctx context.Context, s *stage) error {
			return s.again(ctx, 1500*time.Millisecond, func() error { return s.kill(s.some(s.fleet())) })
		}},
		{Name: "deaths", Fault: "kill −9 every process in turn, some together, at last all", strike: deaths},
		{Name: "failpoints", Quick: true, Fault: "die at chosen points of operations, one after the other", mood: mood{fickle: true}, strike: strikeSome},
		{Name: "failpoints-all", Fault: "die at every point of every operation", mood: mood{fickle: true}, strike: strikeAll},
		{Name: "kill-gateway", Quick: true, Fault: "kill −9 all gateways in the middle of requests", strike: func(ctx context.Context, s *stage) error {
			return s.again(ctx, 2*time.Second, func() error { return s.kill(s.instances("gateway")...) })
		}},
		{Name: "kill-order", Quick: true, Fault: "kill −9 all order services in the middle of requests", strike: func(ctx context.Context, s *stage) error {
			return s.again(ctx, 2500*time.Millisecond, func() error { return s.kill(s.instances("order")...) })
		}},
		{Name: "rolling-restart", Quick: true, Fault: "SIGTERM to one process after the other, of services that have two", strike: rollingRestart},
		{Name: "temporal-killed", Quick: true, Fault: "Temporal is dead for a while", strike: func(ctx context.Context, s *stage) error { return s.down(ctx, "temporal") }},
		{Name: "temporal-hung", Fault: "Temporal hangs", strike: func(ctx context.Context, s *stage) error { return s.hang(ctx, s.pid("temporal")) }},
		{Name: "postgres-killed", Quick: true, Fault: "Postgres is killed and recovers", strike: func(ctx context.Context, s *stage) error {
			return errors.Join(s.kill("postgres"), wait(ctx, s.during))
		}},
		{Name: "postgres-down", Fault: "Postgres is dead for a while", strike: func(ctx context.Context, s *stage) error { return s.down(ctx, "postgres") }},
		{Name: "postgres-hung", Fault: "Postgres hangs", strike: func(ctx context.Context, s *stage) error {
			pids, err := family(s.pid("postgres"))
			return errors.Join(err, s.hang(ctx, pids...))
		}},
		{Name: "connections-cut", Quick: true, Fault: "every connection to the databases is cut, again and again", strike: func(ctx context.Context, s *stage) error {
			return s.again(ctx, 2*time.Second, func() error { return s.cut(ctx) })
		}},
		{Name: "nats-down", Quick: true, Fault: "NATS is dead for a while", strike: func(ctx context.Context, s *stage) error { return s.down(ctx, "nats") }},
		{Name: "inventory-hung", Fault: "the inventory service hangs", strike: func(ctx context.Context, s *stage) error { return s.hang(ctx, s.pids("inventory")...) }},
		{Name: "payment-hung", Quick: true, Fault: "the payment service hangs", strike: func(ctx context.Context, s *stage) error { return s.hang(ctx, s.pids("payment")...) }},
		{Name: "provider-slow", Fault: "the provider takes two seconds", strike: func(ctx context.Context, s *stage) error { return s.provider(ctx, rule("latency:2000", 0.5)) }},
		{Name: "provider-hung", Fault: "the provider hangs", strike: func(ctx context.Context, s *stage) error { return s.provider(ctx, rule("hang", 0.3)) }},
		{Name: "provider-5xx", Quick: true, Fault: "the provider answers 5xx, before and after it has charged", strike: func(ctx context.Context, s *stage) error {
			return s.provider(ctx, rule("unavailable", 0.1), rule("error", 0.1), rule("unavailable_after_commit", 0.15), rule("error_after_commit", 0.1), rule("rate_limit", 0.1))
		}},
		{Name: "provider-silent", Quick: true, Fault: "the provider charges and does not answer", strike: func(ctx context.Context, s *stage) error {
			s.lag = time.Minute
			return s.provider(ctx, rule("silent", 0.1), rule("drop_reply", 0.25))
		}},
		{Name: "provider-forgetful", Quick: true, Fault: "the provider charges, forgets the key, and its answer is lost", strike: func(ctx context.Context, s *stage) error {
			return s.provider(ctx, rule("forget_key", 0.3), rule("drop_reply", 0.3))
		}},
		{Name: "webhooks", Quick: true, Fault: "webhooks come twice, late, early, in disorder, or never", strike: func(ctx context.Context, s *stage) error {
			return s.provider(ctx, rule("webhook_duplicate", 0.3), rule("webhook_reorder:3000", 0.3), rule("webhook_lose", 0.2), rule("webhook_first", 0.2))
		}},
		{Name: "cancel-race", Quick: true, Fault: "customers cancel while their checkout is under way", mood: mood{hasty: true}, strike: func(ctx context.Context, s *stage) error {
			return s.provider(ctx, rule("latency:1500", 0.6), rule("drop_reply", 0.1))
		}},
		{Name: "operator", Quick: true, Fault: "an operator terminates and resets sagas", strike: interfere},
		{Name: "same-key", Quick: true, Fault: "the same key 100 times at once", contest: sameKey},
		{Name: "last-unit", Quick: true, Fault: "200 buyers for the last unit", contest: lastUnit},
		{Name: "hundred-units", Fault: "300 buyers for 100 units of two articles, in opposite order of lines", contest: hundredUnits},
		{Name: "two-tabs", Quick: true, Fault: "a cart is ordered in five tabs at once", contest: twoTabs},
		{Name: "forged-webhooks", Quick: true, Fault: "forged webhooks about real payments", strike: forge},
		{Name: "poison", Quick: true, Fault: "events that no consumer can read", strike: poison},
		{Name: "no-files", Quick: true, Fault: "file descriptors are gone, in one process after the other", strike: starve},
		{Name: "disk-full", Quick: true, Fault: "the disk of everything is full", disk: true, strike: func(ctx context.Context, s *stage) error { return s.full(ctx) }},
		{Name: "power-cut", Quick: true, Fault: "everything dies at once", strike: func(ctx context.Context, s *stage) error {
			return errors.Join(s.kill(s.stack.Names()...), wait(ctx, s.during))
		}},
		{Name: "mixed", Quick: true, Fault: "a bit of everything at once", strike: mixed},
	}
}

// Untested are the rows of the table of faults that this runner does not show,
// and why.
func Untested() [][2]string {
	return [][2]string{
		{"acknowledged messages lost by NATS", "the broker runs inside the runner's process; a test of internal/outbox loses them"},
		{"changed workflow code while sagas run", "the replay test, before anything is deployed"},
		{"disk full, unless by root on Linux", "its disk is a file system in memory, whose size changes while it is mounted"},
		{"20,000 queued checkouts; 10 × load", "a measure of kassa bench, not a fault"},
		{"a partition between two machines; clocks that disagree; a lost disk", "one machine cannot show them"},
	}
}

// Find is the scenarios of these names; all for "all", the short selection for none.
func Find(names []string) (found []Scenario, unknown string) {
	all := Scenarios()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(s Scenario) bool { return !s.Quick }), ""
	}
	if slices.Equal(names, []string{"all"}) {
		return slices.DeleteFunc(all, func(s Scenario) bool { return s.Name == "failpoints" }), ""
	}
	for _, name := range names {
		at := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
		if at < 0 {
			return nil, name
		}
		found = append(found, all[at])
	}
	return found, ""
}

// some picks one by the dice.
func (s *stage) some(names []string) string { return names[s.dice.IntN(len(names))] }

// mostErrors is how many of a thousand requests may fail during a rolling restart.
const mostErrors = 1

// rollingRestart restarts what there are two of, one process after the other.
// Nobody should notice.
func rollingRestart(ctx context.Context, s *stage) error {
	begin := s.crew.history.now()
	for _, name := range append(s.fleet(), s.instances("gateway")...) {
		service, _, _ := strings.Cut(name, "-")
		if len(s.instances(service)) < 2 {
			continue
		}
		if err := s.restart(ctx, name); err != nil {
			return err
		}
	}
	failed, all := s.crew.history.errors(begin, s.crew.history.now())
	s.notes = append(s.notes, fmt.Sprintf("%d of %d requests failed", failed, all))
	if failed*1000 > all*mostErrors {
		s.wrong("more than %d of 1000", mostErrors)
	}
	return nil
}

// deaths kills everything in turn while the provider misbehaves a little. What
// dies together dies at once; at the end the power fails.
func deaths(ctx context.Context, s *stage) error {
	err := s.misbehave(ctx, rule("drop_reply", 0.03), rule("unavailable_after_commit", 0.03), rule("rate_limit", 0.02),
		rule("webhook_duplicate", 0.1), rule("webhook_reorder:2000", 0.1), rule("webhook_lose", 0.05))
	if err != nil {
		return err
	}
	turns := [][]string{
		{"psp"},
		{"nats"},
		{"postgres"},
		{"temporal"},
		s.instances("gateway"),
		s.instances("order"),
		append(s.instances("payment"), "psp"),
		{"order", "inventory", "payment"},
		{"temporal", "postgres"},
	}
	for _, name := range s.fleet() {
		turns = append(turns, []string{name})
	}
	s.dice.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	for _, victims := range append(turns, s.stack.Names()) {
		died := time.Now()
		if err := errors.Join(s.kill(victims...), s.whole(ctx)); err != nil {
			return err
		}
		s.say("back after %s: %s", time.Since(died).Round(10*time.Millisecond), strings.Join(victims, ", "))
		if err := wait(ctx, 500*time.Millisecond+time.Duration(s.dice.IntN(60))*time.Millisecond); err != nil { // somewhere in the middle of what customers do
			return err
		}
	}
	return s.behave(context.WithoutCancel(ctx))
}

// mixed throws dice: processes die, some at failpoints, and the provider is moody.
func mixed(ctx context.Context, s *stage) error {
	err := s.misbehave(ctx, rule("drop_reply", 0.05), rule("unavailable_after_commit", 0.05), rule("rate_limit", 0.03),
		rule("webhook_duplicate", 0.1), rule("webhook_reorder:2000", 0.1), rule("webhook_lose", 0.05))
	if err != nil {
		return err
	}
	victims := append(s.fleet(), "gateway", "psp", "nats", "temporal", "postgres")
	err = s.again(ctx, 2*time.Second, func() error {
		if s.dice.IntN(2) == 0 {
			victim := []string{"inventory", "payment", "order", "order-2"}[s.dice.IntN(4)]
			_ = s.fail(ctx, victim, "commit:*=crash@0.02") // it may be dead already
			return nil
		}
		return s.kill(s.some(victims))
	})
	return errors.Join(err, s.whole(ctx), s.behave(context.WithoutCancel(ctx)))
}
