package ratelimit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Policy allows Quota requests at once and Quota per Window. A quota of 0
// allows everything.
type Policy struct {
	Name   string
	Quota  int
	Window time.Duration
}

const (
	maxQuota  = 1_000_000_000
	minWindow = time.Second
	maxWindow = 24 * time.Hour
)

// every is the time after which one more request is allowed, in whole µs: Redis
// counts in them.
func (p Policy) every() time.Duration {
	return max((p.Window / time.Duration(p.Quota)).Truncate(time.Microsecond), time.Microsecond)
}

// full is how far the state may be ahead of the clock after a request.
func (p Policy) full() time.Duration { return p.every() * time.Duration(p.Quota) }

// remaining is how many requests are left when the state is ahead of the clock
// by so much.
func (p Policy) remaining(ahead time.Duration) int {
	return int(max(p.full()-ahead, 0) / p.every())
}

// Override replaces those policies that text names, like
// "anonymous=100/15m,checkout=off". The error is a sentence for whoever wrote
// the text, without it.
func Override(policies []Policy, text string) ([]Policy, error) {
	changed := slices.Clone(policies)
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(changed, func(p Policy) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("must name policies out of %s", names(policies))
		}
		if seen[name] {
			return nil, fmt.Errorf("names %s twice; keep one of the two", name)
		}
		seen[name] = true
		if value == "off" {
			changed[i].Quota = 0
			continue
		}
		quota, window, _ := strings.Cut(value, "/")
		n, err := strconv.Atoi(quota)
		d, wrong := time.ParseDuration(window)
		if cmp.Or(err, wrong) != nil || n < 1 || n > maxQuota || d < minWindow || d > maxWindow {
			return nil, fmt.Errorf("must give %s a number of requests and a time from 1s to 24h, or off", name)
		}
		changed[i].Quota, changed[i].Window = n, d
	}
	return changed, nil
}

func names(policies []Policy) string {
	all := make([]string, len(policies))
	for i, p := range policies {
		all[i] = p.Name
	}
	return strings.Join(all, ", ")
}
