package verify

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kassa/internal/localstack"
)

// Config says what to check, and how strictly. The zero durations stand for
// the defaults; negative ones for none.
type Config struct {
	DatabaseURL func(database string) string // for a role that may read: users, products, inventory, orders, payments, notifications
	Temporal    string                       // host:port; "" leaves the sagas unchecked
	Namespace   string                       // of the sagas
	NATS        string                       // URL of the broker; "" leaves the dead letters unread
	Provider    string                       // base URL of the sandbox provider; "" leaves its books unchecked
	Sagas       Sagas                        // who to ask instead of Temporal; nil asks Temporal

	Strict   bool             // nothing may be under way; otherwise the system may be running
	Grace    time.Duration    // how old something may get that is under way, when not strict; 120 s by default
	Settle   time.Duration    // how long a strict check waits for the system to become quiet; 60 s by default
	Again    time.Duration    // a finding counts when it is still there so much later; 10 s by default, strict 2 s
	Progress func(say string) // told what is waited for; may be nil
}

// Of is the configuration that checks a local platform.
func Of(a localstack.Addresses) Config {
	return Config{
		DatabaseURL: func(database string) string { return a.DatabaseURL(database, localstack.RoleVerify) },
		Temporal:    a.Temporal, Namespace: a.Namespace, NATS: a.NATS, Provider: a.PSP,
	}
}

func (c Config) withDefaults() Config {
	again := 10 * time.Second
	if c.Strict {
		again = 2 * time.Second
	}
	for value, usual := range map[*time.Duration]time.Duration{&c.Grace: 2 * time.Minute, &c.Settle: time.Minute, &c.Again: again} {
		if *value == 0 {
			*value = usual
		}
		*value = max(*value, 0)
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

// Run checks all invariants. An error says that they could not be checked;
// whether they hold, the report says.
func Run(ctx context.Context, c Config) (Report, error) {
	v := &verifier{Config: c.withDefaults(), http: &http.Client{Timeout: 15 * time.Second}}
	report := Report{At: time.Now().UTC(), Strict: v.Strict}
	defer v.close()
	if err := v.connect(ctx); err != nil {
		return report, err
	}
	if v.Strict && v.Settle > 0 {
		busy, err := v.settle(ctx)
		if err != nil {
			return report, err
		}
		report.Busy = busy
	}
	results, err := v.pass(ctx)
	if err == nil && v.Again > 0 && broken(results) > 0 {
		v.Progress(fmt.Sprintf("found %s; looking again in %s", strings.Join(Report{Results: results}.Broken(), ", "), v.Again))
		results, err = v.confirm(ctx, results)
	}
	report.Results, report.Took = results, time.Since(report.At)
	return report, err
}

// confirm keeps the findings that a second look finds again.
func (v *verifier) confirm(ctx context.Context, first []Result) ([]Result, error) {
	select {
	case <-ctx.Done():
		return first, ctx.Err()
	case <-time.After(v.Again):
	}
	second, err := v.pass(ctx)
	if err != nil {
		return first, err
	}
	for i := range second {
		second[i].Findings = slices.DeleteFunc(second[i].Findings, func(f Finding) bool {
			return !slices.ContainsFunc(first[i].Findings, func(before Finding) bool { return before.Key == f.Key })
		})
	}
	return second, nil
}

// pass checks each invariant once, on snapshots that are opened for it.
func (v *verifier) pass(ctx context.Context) ([]Result, error) {
	l, err := v.look(ctx)
	if err != nil {
		return nil, err
	}
	defer l.close()
	results := make([]Result, 0, len(invariants))
	for _, rule := range invariants {
		begin := time.Now()
		result := Result{ID: rule.id, Name: rule.name}
		if missing := rule.lacks(v); len(missing) > 0 {
			result.Skipped = "no " + strings.Join(missing, ", no ")
		} else if result.Rows, result.Findings, err = rule.check(ctx, l); err != nil {
			return nil, fmt.Errorf("check %s: %w", rule.id, err)
		}
		slices.SortStableFunc(result.Findings, func(a, b Finding) int { return strings.Compare(a.Key, b.Key) })
		result.Took = time.Since(begin)
		results = append(results, result)
	}
	return results, nil
}

func broken(results []Result) int {
	total := 0
	for _, r := range results {
		total += len(r.Findings)
	}
	return total
}
