package provider

import (
	"fmt"
	"net/http"
)

// refusal is an error answer in Stripe's shape (docs.stripe.com/api/errors).
type refusal struct {
	status int
	detail errorJSON
}

// errorJSON is the object under "error", and last_payment_error of an intent.
type errorJSON struct {
	Charge        string      `json:"charge,omitempty"`
	Code          string      `json:"code,omitempty"`
	DeclineCode   string      `json:"decline_code,omitempty"`
	DocURL        string      `json:"doc_url,omitempty"`
	Message       string      `json:"message"`
	Param         string      `json:"param,omitempty"`
	PaymentIntent *intentJSON `json:"payment_intent,omitempty"`
	PaymentMethod *methodJSON `json:"payment_method,omitempty"`
	Type          string      `json:"type"`
}

const (
	invalidRequest   = "invalid_request_error"
	cardError        = "card_error"
	apiError         = "api_error"
	idempotencyError = "idempotency_error"
)

func refuse(status int, kind, code, param, format string, args ...any) *refusal {
	detail := errorJSON{Type: kind, Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
	if code != "" {
		detail.DocURL = docURL(code)
	}
	return &refusal{status: status, detail: detail}
}

// invalid refuses a request for one of its parameters.
func invalid(code, param, format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, invalidRequest, code, param, format, args...)
}

// missing refuses a request that names something which is not there.
func missing(noun, param, id string) *refusal {
	return refuse(http.StatusNotFound, invalidRequest, "resource_missing", param, "No such %s: '%s'", noun, id)
}

// wrongState refuses a request that the intent's status does not allow.
func wrongState(p *payment, format string, args ...any) *refusal {
	r := invalid("payment_intent_unexpected_state", "", format, args...)
	r.detail.PaymentIntent = p.json()
	return r
}

func internalError() *refusal {
	return refuse(http.StatusInternalServerError, apiError, "", "", "An unknown error occurred")
}

func docURL(code string) string {
	slug := []byte(code)
	for i, c := range slug {
		if c == '_' {
			slug[i] = '-'
		}
	}
	return "https://stripe.com/docs/error-codes/" + string(slug)
}
