package analytics

import "kassa/internal/fault"

// The ways analytics says no.
var (
	ErrBadEvents  = fault.New(fault.Invalid, "bad_events", "Send 1 to 100 events, each with an id, a known type and a time within the last 30 days.")
	ErrNoVisitor  = fault.New(fault.Invalid, "no_visitor", "Say who: sign in, or send an anonymous_id.")
	ErrBadPeriod  = fault.New(fault.Invalid, "bad_period", "Ask for 1 to 366 days, the first not after the last.")
	ErrNoCurrency = fault.New(fault.Invalid, "currency_required", "Amounts of different currencies cannot be compared: name one.")
)
