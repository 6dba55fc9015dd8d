package httpapi

import (
	"encoding/json"
	"net/http"

	"kassa/internal/fault"
)

// codes is the table of internal/fault read backwards. 409 is both conflict and
// declined: they travel alike, and errors.Is goes by reason.
var codes = map[int]fault.Code{
	http.StatusBadRequest:           fault.Malformed,
	http.StatusUnauthorized:         fault.Unauthenticated,
	http.StatusPaymentRequired:      fault.PaymentDeclined,
	http.StatusForbidden:            fault.Forbidden,
	http.StatusNotFound:             fault.NotFound,
	http.StatusConflict:             fault.Declined,
	http.StatusPreconditionFailed:   fault.Stale,
	http.StatusPreconditionRequired: fault.Unconditional,
	http.StatusUnprocessableEntity:  fault.Invalid,
	http.StatusTooManyRequests:      fault.Limited,
	http.StatusRequestTimeout:       fault.Unavailable,
	http.StatusInternalServerError:  fault.Internal,
	http.StatusBadGateway:           fault.Unavailable,
	http.StatusServiceUnavailable:   fault.Unavailable,
	http.StatusGatewayTimeout:       fault.Unavailable,
}

// ProblemToFault reads another service's answer of a failure (status ≥ 400)
// back into the fault it was. An answer that is not one of our problems, like a
// proxy's, is told by its status alone.
func ProblemToFault(status int, body []byte) *fault.Error {
	code, ok := codes[status]
	if !ok {
		code = fault.Invalid
		if status >= http.StatusInternalServerError || status < http.StatusBadRequest {
			code = fault.Unavailable
		}
	}
	var p Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		if code == fault.Unavailable || code == fault.Internal {
			return fault.ErrUnavailable
		}
		return fault.New(code, string(code), http.StatusText(status)+".")
	}
	f := fault.New(code, p.Code, p.Detail)
	f.Details = p.Details
	if len(p.Errors) > 0 {
		f = f.With("errors", p.Errors)
	}
	return f
}
