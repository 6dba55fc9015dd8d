package fault

import "net/http"

// A Code decides how a failure travels: its HTTP status, whether Temporal
// retries it, and how loudly it is logged. docs/errors.md shows the table.
type Code string

// The codes, from "yours to mend" to "ours to mend".
const (
	Invalid         Code = "invalid"          // the request can never succeed as sent
	Malformed       Code = "malformed"        // the request cannot be read at all
	Unauthenticated Code = "unauthenticated"  // we do not know who is asking
	Forbidden       Code = "forbidden"        // we know, and the answer is no
	NotFound        Code = "not_found"        // no such thing, or not yours to see
	Conflict        Code = "conflict"         // the thing has moved on since you looked
	Stale           Code = "stale"            // If-Match names another version than the current one
	Unconditional   Code = "unconditional"    // If-Match is required here
	Declined        Code = "declined"         // a rule of the business says no
	PaymentDeclined Code = "payment_declined" // the customer's bank says no
	Limited         Code = "limited"          // too many requests
	Unavailable     Code = "unavailable"      // a dependency is out; try again
	Internal        Code = "internal"         // our bug
)

// meaning is one line of the table.
type meaning struct {
	status    int  // HTTP
	retryable bool // Temporal and clients may try the same again
	benign    bool // an expected answer of the business: no alert, no failed-activity metric
}

var table = map[Code]meaning{
	Invalid:         {status: http.StatusUnprocessableEntity},
	Malformed:       {status: http.StatusBadRequest},
	Unauthenticated: {status: http.StatusUnauthorized},
	Forbidden:       {status: http.StatusForbidden},
	NotFound:        {status: http.StatusNotFound},
	Conflict:        {status: http.StatusConflict},
	Stale:           {status: http.StatusPreconditionFailed},
	Unconditional:   {status: http.StatusPreconditionRequired},
	Declined:        {status: http.StatusConflict, benign: true},
	PaymentDeclined: {status: http.StatusPaymentRequired, benign: true},
	Limited:         {status: http.StatusTooManyRequests, retryable: true},
	Unavailable:     {status: http.StatusServiceUnavailable, retryable: true},
	Internal:        {status: http.StatusInternalServerError, retryable: true},
}

// Known reports whether c is one of the declared codes.
func (c Code) Known() bool { _, ok := table[c]; return ok }

// Status is the HTTP status of a problem with this code.
func (c Code) Status() int {
	if m, ok := table[c]; ok {
		return m.status
	}
	return http.StatusInternalServerError
}

// Retryable reports whether the same request may succeed later.
func (c Code) Retryable() bool {
	m, ok := table[c]
	return !ok || m.retryable
}

// Benign reports whether the failure is an ordinary answer of the business.
func (c Code) Benign() bool { return table[c].benign }
