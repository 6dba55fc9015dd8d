package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"

	"kassa/internal/fault"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// A Problem is how a failure looks to a client (RFC 9457). Details are further
// members, next to the named ones.
type Problem struct {
	Type      string         `json:"type" doc:"Where this case is documented." example:"/docs/errors#out_of_stock"`
	Title     string         `json:"title" doc:"The status in words." example:"Conflict"`
	Status    int            `json:"status" doc:"The HTTP status." example:"409"`
	Detail    string         `json:"detail" doc:"One sentence for a person." example:"Some items are no longer in stock."`
	Instance  string         `json:"instance" doc:"This request: name it when you ask for help." example:"urn:uuid:0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11"`
	Code      string         `json:"code" doc:"The case, stable, for programs." example:"out_of_stock"`
	Retryable bool           `json:"retryable" doc:"Whether the same request may succeed later." example:"false"`
	Errors    []FieldError   `json:"errors,omitempty" doc:"What is wrong with each part of the request."`
	Details   map[string]any `json:"-"`

	retryAfter int // seconds; 0 is no Retry-After header
	cause      error
}

// A FieldError is one wrong part of a request. It never repeats what was sent.
type FieldError struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body (#/lines/0/quantity), or the parameter (query.limit, path.id, header.If-Match)." example:"#/lines/0/quantity"`
	Code    string `json:"code" doc:"What is wrong, stable, for programs." example:"too_small"`
	Message string `json:"message" doc:"What is wrong, for a person." example:"expected number >= 1"`
}

// problem makes a Problem that is not a service's fault but the router's.
func problem(status int, code, detail string) *Problem {
	return &Problem{
		Type:   "/docs/errors#" + code,
		Title:  http.StatusText(status),
		Status: status,
		Detail: detail,
		Code:   code,
	}
}

// problemOf is how err looks to a client.
func problemOf(err error) *Problem {
	if p, ok := err.(*Problem); ok { //nolint:errorlint // a problem is never wrapped
		copied := *p
		return &copied
	}
	f := fault.Of(err)
	p := problem(f.Code.Status(), f.Reason, f.Message)
	p.Retryable = f.Code.Retryable()
	p.cause = err
	if f.Code == fault.Internal || !f.Code.Known() {
		p.Detail = fault.ErrInternal.Message // the text of a bug is for the log
		return p
	}
	if f.Code == fault.Unavailable || f.Code == fault.Limited {
		p.retryAfter = 1
	}
	for name, value := range f.Details {
		switch name {
		case "type", "title", "status", "detail", "instance", "code", "retryable":
			continue // a detail must not contradict the problem
		case "errors":
			if list, ok := value.([]FieldError); ok {
				p.Errors = list
				continue
			}
		case "retry_after":
			if seconds, ok := asSeconds(value); ok {
				p.Retryable, p.retryAfter = true, seconds
			}
		}
		if p.Details == nil {
			p.Details = make(map[string]any, len(f.Details))
		}
		p.Details[name] = value
	}
	return p
}

// asSeconds reads a whole number of seconds, rounded up, at least 1.
func asSeconds(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return max(n, 1), true
	case int64:
		return max(int(n), 1), true
	case float64:
		return max(int(math.Ceil(n)), 1), true
	default:
		return 0, false
	}
}

// Error is the text for the log.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.cause.Error()
	}
	return p.Code + ": " + p.Detail
}

// Unwrap exposes the cause to errors.Is inside this process.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus is for Huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is for Huma.
func (p *Problem) ContentType(string) string { return problemType }

// headers writes what a status demands besides the body.
func (p *Problem) headers(h http.Header) {
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="kassa"`
		if p.Code == "invalid_token" {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
}

// plain is Problem without its methods.
type plain Problem

// MarshalJSON puts the details next to the named members.
func (p *Problem) MarshalJSON() ([]byte, error) {
	named, err := json.Marshal((*plain)(p))
	if err != nil || len(p.Details) == 0 {
		return named, err
	}
	details, err := json.Marshal(p.Details)
	if err != nil {
		return nil, fmt.Errorf("details of %s: %w", p.Code, err)
	}
	named[len(named)-1] = ','
	return append(named, details[1:]...), nil
}

// UnmarshalJSON is the way back, for a caller of another service.
func (p *Problem) UnmarshalJSON(document []byte) error {
	if err := json.Unmarshal(document, (*plain)(p)); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(document, &all); err != nil {
		return err
	}
	maps.DeleteFunc(all, func(name string, _ any) bool {
		switch name {
		case "type", "title", "status", "detail", "instance", "code", "retryable", "errors":
			return true
		}
		return false
	})
	if len(all) > 0 {
		p.Details = all
	}
	return nil
}
