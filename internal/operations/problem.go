package operations

import (
	"encoding/json"
	"net/http"

	"kassa/internal/fault"
)

// problem is a fault on this wire: the members of RFC 9457, and with them the
// fault's code, because several codes share a status.
type problem struct {
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail"`
	Reason  string         `json:"code"`
	Code    fault.Code     `json:"fault"`
	Details map[string]any `json:"details,omitempty"`
}

// writeProblem answers with err as a problem. The cause stays here.
func writeProblem(w http.ResponseWriter, err error) {
	f := fault.Of(err)
	status := f.Code.Status()
	body, err := json.Marshal(problem{
		Title:   http.StatusText(status),
		Status:  status,
		Detail:  f.Message,
		Reason:  f.Reason,
		Code:    f.Code,
		Details: f.Details,
	})
	if err != nil {
		writeProblem(w, fault.ErrInternal.Because(err)) // a detail that is no JSON
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// readProblem is the fault that writeProblem wrote, or nil when body is
// something else, such as the error page of a proxy.
func readProblem(body []byte) *fault.Error {
	var p problem
	if err := json.Unmarshal(body, &p); err == nil && p.Reason != "" && p.Code.Known() {
		return &fault.Error{Code: p.Code, Reason: p.Reason, Message: p.Detail, Details: p.Details}
	}
	return nil
}
