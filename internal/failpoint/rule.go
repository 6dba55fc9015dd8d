//go:build chaos

package failpoint

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// rule is what is to happen where.
type rule struct {
	Text string `json:"rule"`
	Hits int    `json:"hits"`

	at        Point
	operation string // "*" for all
	action    action
	pause     time.Duration
	rate      float64
	left      int // how often it may still happen; below 0 for always
}

type action string

const (
	crash action = "crash"
	delay action = "delay"
	fail  action = "error"
)

func (r *rule) covers(at Point, operation string) bool {
	return (r.at == "*" || r.at == at) && (r.operation == "*" || r.operation == operation)
}

func parse(text string) ([]*rule, error) {
	all := []*rule{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\n", ","), ",") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		r, err := parseRule(line)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", line, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// parseRule reads point:operation=action[:pause][@rate][*times].
func parseRule(text string) (*rule, error) {
	r := &rule{Text: text, rate: 1, left: -1}
	place, what, ok := strings.Cut(text, "=")
	at, operation, named := strings.Cut(place, ":")
	if !ok || !named || operation == "" {
		return nil, fmt.Errorf("it should be point:operation=action, like after:ReserveStock=crash")
	}
	switch r.at, r.operation = Point(at), operation; r.at {
	case Before, After, Commit, Provider, Task, "*":
	default:
		return nil, fmt.Errorf("there is no point %q", at)
	}
	what, times, counted := strings.Cut(what, "*")
	if counted {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("after * stands how often, not %q", times)
		}
		r.left = n
	}
	what, rate, sometimes := strings.Cut(what, "@")
	if sometimes {
		p, err := strconv.ParseFloat(rate, 64)
		if err != nil || p < 0 || p > 1 {
			return nil, fmt.Errorf("after @ stands a rate from 0 to 1, not %q", rate)
		}
		r.rate = p
	}
	name, pause, _ := strings.Cut(what, ":")
	switch r.action = action(name); r.action {
	case crash, fail:
		if pause != "" {
			return nil, fmt.Errorf("%s takes no %q", name, pause)
		}
	case delay:
		var err error
		if r.pause, err = time.ParseDuration(pause); err != nil || r.pause < 0 {
			return nil, fmt.Errorf("delay takes a time like 300ms, not %q", pause)
		}
	default:
		return nil, fmt.Errorf("there is no action %q; there are crash, delay and error", name)
	}
	return r, nil
}
