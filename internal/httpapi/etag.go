package httpapi

import (
	"strconv"
	"strings"
	"time"

	"kassa/internal/fault"
)

// What is refused about If-Match.
var (
	// ErrIfMatchRequired is a change without the version it is based on.
	ErrIfMatchRequired = fault.New(fault.Unconditional, "if_match_required", "Send If-Match with the ETag that your change is based on.")
	// ErrIfMatchMalformed is an If-Match that is not one strong ETag of ours.
	ErrIfMatchMalformed = fault.New(fault.Malformed, "if_match_malformed", "If-Match must be one ETag as it was given, like \"7\".")
)

// ETag is the strong entity tag of a version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// ParseIfMatch reads the version out of an If-Match header: one ETag as ETag
// writes it. Weak tags, lists and * are refused: a change is based on one version.
func ParseIfMatch(s string) (int64, error) {
	inner, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return 0, ErrIfMatchMalformed
	}
	if inner, ok = strings.CutSuffix(inner, `"`); !ok || len(inner) > 19 {
		return 0, ErrIfMatchMalformed
	}
	version, err := strconv.ParseInt(inner, 10, 64)
	if err != nil || version < 1 || ETag(version) != s {
		return 0, ErrIfMatchMalformed
	}
	return version, nil
}

// MaxWait is the longest that a client can ask to be kept waiting.
const MaxWait = 30 * time.Second

// Wait reads a Prefer header (RFC 7240): how long the client wants to wait for
// the outcome. respond-async is 0, wait=N is N seconds and at most MaxWait, and
// anything else, which RFC 7240 says to ignore, is otherwise.
func Wait(prefer string, otherwise time.Duration) time.Duration {
	for preference := range strings.SplitSeq(prefer, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "respond-async":
			return 0
		case "wait":
			seconds, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if err != nil || seconds < 0 {
				continue
			}
			return min(time.Duration(min(seconds, 3600))*time.Second, MaxWait)
		}
	}
	return otherwise
}
