package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"kassa/internal/fault"
	"kassa/internal/identity"
	"kassa/internal/logging"
)

// What the router itself refuses.
var (
	errNotFound = problem(http.StatusNotFound, "not_found", "There is nothing at this address.")
	errNoMethod = problem(http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take this method; the Allow header lists those it takes.")
)

// ErrBadRequest is an address or a header that no operation could mean.
var ErrBadRequest = problem(http.StatusBadRequest, "malformed_request", "The address or a header cannot be read.")

// WriteProblem answers err, logs it as loudly as its code deserves, and is for
// handlers that Huma does not call.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := finish(r.Context(), err)
	p.headers(w.Header())
	w.Header().Set("Content-Type", problemType)
	w.Header().Del("Content-Length")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p)
	}
}

// finish makes the problem of err for this request, and logs it: here, once.
func finish(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	if st := stateOf(ctx); st != nil {
		p.Instance = "urn:uuid:" + st.requestID
	}
	level := zapcore.DebugLevel
	switch {
	case p.Code == ErrOverloaded.Reason: // a line for each would be a load of its own; whoever refuses says so
	case p.Status == http.StatusNotImplemented: // the client's mistake
	case p.Status == http.StatusServiceUnavailable:
		level = zapcore.WarnLevel
	case p.Status >= http.StatusInternalServerError:
		level = zapcore.ErrorLevel
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusForbidden, p.Status == http.StatusConflict, p.Status == http.StatusPaymentRequired:
		level = zapcore.InfoLevel
	}
	log := logging.From(ctx)
	if ctx.Err() != nil && level > zapcore.InfoLevel {
		level = zapcore.InfoLevel // the client went away; what failed then is no alarm
	}
	if entry := log.Check(level, "refused"); entry != nil {
		fields := []zap.Field{zap.Int("status", p.Status), zap.String("code", p.Code), zap.String("instance", p.Instance)}
		if st := stateOf(ctx); st != nil {
			fields = append(fields, zap.String("route", st.route))
		}
		if p.cause != nil {
			fields = append(fields, zap.Error(p.cause))
		}
		entry.Write(fields...)
	}
	return p
}

// What the gateway refuses on every operation's behalf, or on that of each stream.
var (
	ErrLimited        = fault.New(fault.Limited, "rate_limited", "Too many requests; wait as long as Retry-After says.")
	ErrOverloaded     = fault.New(fault.Unavailable, "overloaded", "The shop is very busy at the moment. Please try again.")
	ErrTooManyStreams = fault.New(fault.Limited, "too_many_streams", "You have as many streams open as one customer may; close one first.").With("retry_after", 5)
)

// errValidation is a request that a schema refuses.
var errValidation = fault.New(fault.Invalid, "validation_failed", "Some parts of the request are not right; see errors.")

// The cases that identity, the gateway and the services answer with, for the
// document.
var (
	errUnauthenticated = identity.ErrNoToken
	errInvalidToken    = identity.ErrBadToken
	errForbidden       = identity.ErrForbidden
	errStale           = fault.New(fault.Stale, "stale", "It has changed since you looked; current_version says to what.")
)
