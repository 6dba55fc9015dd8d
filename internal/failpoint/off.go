//go:build !chaos

package failpoint

import (
	"context"
	"net/http"
)

// Enabled reports whether this build can be told to fail.
const Enabled = false

// Enter says in which operation the calls below are.
func Enter(ctx context.Context, _ string) context.Context { return ctx }

// Hit does what was asked for at a point of the operation that ctx is in.
func Hit(context.Context, Point) error { return nil }

// Transport hits Provider after every answer.
func Transport(next http.RoundTripper) http.RoundTripper { return next }

// Handler answers at Path, too.
func Handler(next http.Handler) http.Handler { return next }
