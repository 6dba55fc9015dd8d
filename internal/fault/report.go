package fault

// Report is a fault as it crosses a process boundary: everything but its
// reason, which has a place of its own there (the failure's type in Temporal).
type Report struct {
	Code    Code           `json:"code"`
	Message string         `json:"message"`
	Details map[string]any `json:"details,omitempty"`
}

// Report is what of e may leave the process. The cause stays.
func (e *Error) Report() Report {
	return Report{Code: e.Code, Message: e.Message, Details: e.Details}
}

// Fault rebuilds the fault of that reason. ok is false when r is not a report.
func (r Report) Fault(reason string) (e *Error, ok bool) {
	return &Error{Code: r.Code, Reason: reason, Message: r.Message, Details: r.Details}, r.Code.Known()
}
