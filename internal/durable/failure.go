package durable

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"kassa/internal/fault"
)

// toFailure writes a fault as a Temporal failure, whose type is the fault's
// reason. The cause stays here: a history is no place for what a database or a
// provider said.
func toFailure(f *fault.Error) error {
	category := temporal.ApplicationErrorCategoryUnspecified
	if f.Code.Benign() {
		category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(f.Message, f.Reason, temporal.ApplicationErrorOptions{
		NonRetryable: !f.Code.Retryable(),
		Category:     category,
		Details:      []any{f.Report()},
	})
}

// fromFailure is the fault that toFailure wrote somewhere in err's chain, or nil.
func fromFailure(err error) *fault.Error {
	for {
		var failure *temporal.ApplicationError
		if !errors.As(err, &failure) {
			return nil
		}
		var report fault.Report
		if failure.HasDetails() && failure.Details(&report) == nil {
			if f, ok := report.Fault(failure.Type()); ok {
				return f
			}
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
