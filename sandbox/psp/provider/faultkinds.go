package provider

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// phase says when in the life of a request a fault acts.
type phase int

const (
	beforeWork  phase = iota // before anything happened
	onOutcome                // on what the bank says
	afterCommit              // once everything is committed
	onWebhook                // on the events of the request
)

// faultKind is one way to misbehave.
type faultKind struct {
	Name    string        `json:"name"`
	Phase   phase         `json:"-"`
	Default time.Duration `json:"-"` // of kinds that take milliseconds, 0 for the others
	What    string        `json:"what"`
}

// faultKinds is the whole repertoire.
var faultKinds = []faultKind{
	{"latency", beforeWork, 2 * time.Second, "works after a pause (milliseconds), even when the caller has gone by then"},
	{"hang", beforeWork, 0, "does nothing and never answers"},
	{"drop_request", beforeWork, 0, "does nothing and cuts the connection in the middle of a reply"},
	{"error", beforeWork, 0, "does nothing and answers 500, kept for the idempotency key as Stripe keeps it"},
	{"unavailable", beforeWork, 0, "does nothing and answers 503, not kept"},
	{"rate_limit", beforeWork, 0, "does nothing and answers 429 rate_limit, not kept"},
	{"lock_timeout", beforeWork, 0, "does nothing and answers 429 lock_timeout, not kept"},

	{"decline", onOutcome, 0, "the bank declines (decline code, generic_decline by default)"},
	{"authentication_required", onOutcome, 0, "the bank wants 3-D Secure"},
	{"late_success", onOutcome, 3 * time.Second, "answers processing, succeeds later (milliseconds)"},
	{"late_decline", onOutcome, 3 * time.Second, "answers processing, is declined later (milliseconds)"},

	{"drop_reply", afterCommit, 0, "commits, then cuts the connection in the middle of the reply"},
	{"silent", afterCommit, 0, "commits, then never answers"},
	{"error_after_commit", afterCommit, 0, "commits, but answers 500, and again for the same idempotency key"},
	{"unavailable_after_commit", afterCommit, 0, "commits, but answers 503; the same idempotency key gets the true reply"},
	{"forget_key", afterCommit, 0, "commits, but forgets the idempotency key at once"},

	{"webhook_duplicate", onWebhook, 0, "delivers its events twice"},
	{"webhook_reorder", onWebhook, 2 * time.Second, "delivers its events late by chance (up to milliseconds), so that later ones overtake"},
	{"webhook_delay", onWebhook, 5 * time.Second, "delivers its events late (milliseconds)"},
	{"webhook_lose", onWebhook, 0, "never delivers its events"},
	{"webhook_first", onWebhook, 0, "delivers its events before it answers"},
}

// operations that faults can name.
var operations = []string{"create", "confirm", "capture", "cancel", "refund", "authenticate", "settle", "retrieve", "list", "search"}

// fault is one thing that was asked for.
type fault struct {
	faultKind
	operation string        // "" stands for the operations that take money, and for a webhook fault all of them
	after     time.Duration // of kinds that take milliseconds
	code      string        // decline code
	times     int           // how often the same request meets it, -1 for always
}

// parseFaults reads kassa_fault: faults separated by commas, each
// [operation.]kind[:milliseconds or decline code][*times or *always].
func parseFaults(text string) ([]fault, error) {
	if text == "" {
		return nil, nil
	}
	var faults []fault
	for item := range strings.SplitSeq(text, ",") {
		f, err := parseFault(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(text string) (fault, error) {
	f := fault{times: 1}
	text, times, counted := strings.Cut(text, "*")
	if counted {
		n, err := strconv.Atoi(times)
		switch {
		case times == "always":
			n = -1
		case err != nil || n < 1:
			return f, fmt.Errorf("after * stands how often, or always, not %q", times)
		}
		f.times = n
	}
	text, argument, _ := strings.Cut(text, ":")
	if operation, kind, ok := strings.Cut(text, "."); ok {
		if !slices.Contains(operations, operation) {
			return f, fmt.Errorf("unknown operation %q; there are %s", operation, strings.Join(operations, ", "))
		}
		f.operation, text = operation, kind
	}
	at := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.Name == text })
	if at < 0 {
		return f, fmt.Errorf("unknown fault %q; GET /_sandbox/faults lists them", text)
	}
	f.faultKind = faultKinds[at]
	return f, f.argument(argument)
}

// argument sets what follows the colon.
func (f *fault) argument(text string) error {
	f.after, f.code = f.Default, "generic_decline"
	switch {
	case text == "":
	case f.Default > 0:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 24*3600*1000 {
			return fmt.Errorf("%s takes milliseconds, not %q", f.Name, text)
		}
		f.after = time.Duration(n) * time.Millisecond
	case f.Name == "decline" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == "":
		f.code = text
	default:
		return fmt.Errorf("%s takes nothing like %q", f.Name, text)
	}
	return nil
}

// meets says whether the fault concerns an operation.
func (f fault) meets(operation string) bool {
	if f.operation != "" {
		return f.operation == operation
	}
	return f.Phase == onWebhook || operation == "create" || operation == "confirm"
}
