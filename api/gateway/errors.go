package gateway

import (
	"bytes"
	"cmp"
	_ "embed" // the page
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
)

//go:embed docs/errors.html
var errorsTemplate string

// kind is a line of the table of faults.
type kind struct {
	Name      fault.Code
	Meaning   string
	Status    int
	Retryable bool
}

var meanings = []kind{
	{Name: fault.Malformed, Meaning: "The request cannot be read."},
	{Name: fault.Unauthenticated, Meaning: "We do not know who is asking. Sign in, or refresh the token."},
	{Name: fault.PaymentDeclined, Meaning: "The customer's bank says no. Ask for another means of payment."},
	{Name: fault.Forbidden, Meaning: "We know who is asking, and the answer is no."},
	{Name: fault.NotFound, Meaning: "There is no such thing, or it is not yours to see."},
	{Name: fault.Conflict, Meaning: "The thing has moved on since you looked. Read it again."},
	{Name: fault.Declined, Meaning: "A rule of the shop says no."},
	{Name: fault.Stale, Meaning: "If-Match names another version than the current one. Read it again."},
	{Name: fault.Invalid, Meaning: "The request can never succeed as it is."},
	{Name: fault.Unconditional, Meaning: "If-Match is required here."},
	{Name: fault.Limited, Meaning: "Too many requests. Wait as long as Retry-After says."},
	{Name: fault.Internal, Meaning: "Our bug. Tell us the instance."},
	{Name: fault.Unavailable, Meaning: "A part of the shop is out. Try again after Retry-After."},
}

// instance of a problem as the document shows it.
type example struct {
	Code   string
	Status int
	Detail string
}

// renderErrors makes the page that a problem's type leads to, from the table of
// faults and the examples of problems in the document.
func renderErrors(document []byte) ([]byte, error) {
	cases, err := examples(document)
	if err != nil {
		return nil, fmt.Errorf("problems of the OpenAPI document: %w", err)
	}
	for _, own := range []*httpapi.Problem{errTooLarge, errTooSlow, errHeaders, errNoSuchMethod, httpapi.ErrBadRequest} {
		cases[own.Code] = example{Code: own.Code, Status: own.Status, Detail: own.Detail}
	}
	busy := httpapi.ErrOverloaded
	cases[busy.Reason] = example{Code: busy.Reason, Status: busy.Code.Status(), Detail: busy.Message}
	kinds := slices.Clone(meanings)
	for i := range kinds {
		kinds[i].Status, kinds[i].Retryable = kinds[i].Name.Status(), kinds[i].Name.Retryable()
	}
	page, err := template.New("errors").Parse(errorsTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Kinds": kinds,
		"Cases": slices.SortedFunc(maps.Values(cases), func(a, b example) int { return cmp.Compare(a.Code, b.Code) }),
	})
	return out.Bytes(), err
}

// examples are the problems of all operations, by code.
func examples(document []byte) (map[string]example, error) {
	type response struct {
		Content map[string]struct {
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Responses map[string]response } // what operations refer to
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	all := slices.Collect(maps.Values(doc.Components.Responses))
	for _, item := range doc.Paths {
		for _, operation := range item {
			var op struct{ Responses map[string]response }
			if json.Unmarshal(operation, &op) != nil {
				continue // parameters that the operations share
			}
			all = slices.AppendSeq(all, maps.Values(op.Responses))
		}
	}
	found := map[string]example{}
	for _, r := range all {
		for code, shown := range r.Content["application/problem+json"].Examples {
			var e example
			if err := json.Unmarshal(shown.Value, &e); err != nil {
				return nil, fmt.Errorf("example %s: %w", code, err)
			}
			found[code] = e
		}
	}
	return found, nil
}
