package durable

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"kassa/internal/fault"
)

// details is how a fault is written into a Temporal failure, whose type is
// the fault's reason. workflows/call.go reads the same members.
type details struct {
	Code    fault.Code     `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
}

// toFailure writes a fault as a Temporal failure. The cause stays here: a
// history is no place for what a database or a provider said.
func toFailure(f *fault.Error) error {
	category := temporal.ApplicationErrorCategoryUnspecified
	if f.Code.Benign() {
		category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(f.Message, f.Reason, temporal.ApplicationErrorOptions{
		NonRetryable: !f.Code.Retryable(),
		Category:     category,
		Details:      []any{details{Code: f.Code, Message: f.Message, Details: f.Details}},
	})
}

// fromFailure is the fault that toFailure wrote somewhere in err's chain, or nil.
func fromFailure(err error) *fault.Error {
	for {
		var failure *temporal.ApplicationError
		if !errors.As(err, &failure) {
			return nil
		}
		var d details
		if failure.HasDetails() && failure.Details(&d) == nil && d.Code.Known() {
			return &fault.Error{Code: d.Code, Reason: failure.Type(), Message: d.Message, Details: d.Details}
		}
		err = failure.Unwrap()
	}
}

// faultOf finds what an operation's error means. One that is no fault is our
// bug, unless the operation was merely cut short.
func faultOf(err error) *fault.Error {
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.ErrUnavailable.Because(err)
	}
	return fault.ErrInternal.Because(err)
}
