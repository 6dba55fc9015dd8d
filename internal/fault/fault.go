// Package fault is Kassa's vocabulary of failure. A fault carries a Code that
// machines act on, a Reason that names the case, and a Message that is safe to
// show to a customer; anything else stays in the log.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Error is a failure fit for customers. Declare one per case as a package
// variable in the service's faults.go and return it, or a copy from Because
// or With.
type Error struct {
	Code    Code
	Reason  string         // stable, snake_case; the problem's code and the Temporal failure type
	Message string         // one sentence, safe to show
	Details map[string]any // what the case needs (lines, decline_code, …); JSON, safe to show; nil when nothing
	cause   error          // for logs only; never crosses a process boundary
}

// New declares a case.
func New(code Code, reason, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message}
}

// Error is the text for the log. It never reaches a customer.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Reason + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s: %v", e.Reason, e.Message, e.cause)
}

// Unwrap exposes the cause to errors.Is and errors.As inside this process.
func (e *Error) Unwrap() error { return e.cause }

// Is matches by Reason, so a fault that crossed Temporal or HTTP still equals
// the variable it was declared as.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

// Because returns a copy of e that remembers err for the log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// With returns a copy of e that carries a detail for the client.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Details = maps.Clone(e.Details)
	if c.Details == nil {
		c.Details = map[string]any{}
	}
	c.Details[name] = value
	return &c
}

// ErrInternal is what an error that is not a fault becomes at the edge.
var ErrInternal = New(Internal, "internal", "Something went wrong on our side.")

// ErrUnavailable is a dependency that is out, when nothing more is known.
var ErrUnavailable = New(Unavailable, "unavailable", "This part of the shop is not available at the moment. Please try again.")

// Of finds the fault in err's chain. An error that is not a fault is our bug.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal.Because(err)
}
