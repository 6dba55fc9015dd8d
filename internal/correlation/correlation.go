// Package correlation carries the id that ties together everything that
// happens because of one request: log lines, events and workflow memos.
package correlation

import "context"

// Header is the HTTP header, and the key in workflow headers, that carries the id.
const Header = "X-Correlation-Id"

type key struct{}

// With returns a context that carries id.
func With(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, key{}, id)
}

// ID is the id that ctx carries, or "".
func ID(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// Valid reports whether s may be accepted from outside: 1 to 128 characters
// out of letters, digits and "-_.:".
func Valid(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.', r == ':':
		default:
			return false
		}
	}
	return true
}
