package httpapi

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kassa/internal/fault"
	"kassa/internal/identity"
)

// The names of the security schemes.
const (
	bearer = "bearer"
	apiKey = "apiKey"
)

// describe adds to the document what every operation of this kind has: security,
// headers and problems.
func (a *API) describe(described *huma.Operation, op Operation, hasBody bool) {
	described.Security = security(op)
	described.Extensions = map[string]any{"x-access": op.Access.String()}
	if scope := op.Scope(); scope != "" {
		described.Extensions["x-scope"] = scope
	}
	if op.Key != NoKey {
		described.Parameters = append(described.Parameters, &huma.Param{
			Name: keyHeader, In: "header", Required: op.Key != OptionalKey,
			Description: "Names this attempt, so that a repeat has the same outcome instead of a second one.",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: pointer(1), MaxLength: pointer(255)},
			Example:     "0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11",
		})
	}
	if op.IfMatch {
		described.Parameters = append(described.Parameters, &huma.Param{
			Name: "If-Match", In: "header", Required: true,
			Description: "The ETag of the version that this change is based on.",
			Schema:      &huma.Schema{Type: huma.TypeString},
			Example:     `"7"`,
		})
	}
	own := byStatus(declared(op))
	for status, problems := range byStatus(expected(op, hasBody)) {
		if len(own[status]) == 0 {
			described.Responses[strconv.Itoa(status)] = a.sharedResponse(status, problems)
			continue
		}
		described.Responses[strconv.Itoa(status)] = a.problemResponse(status, problems)
	}
	if op.Example != nil {
		described.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: op.Example}}}
	}
	if op.Content != nil {
		described.Responses[strconv.Itoa(cmp.Or(op.Status, http.StatusOK))] = a.written(op.Content)
	}
	if op.ResponseExample != nil {
		status := strconv.Itoa(cmp.Or(op.Status, http.StatusOK))
		described.Responses[status] = &huma.Response{Content: map[string]*huma.MediaType{"application/json": {Example: op.ResponseExample}}}
	}
}

// written is the success of an operation that writes it itself.
func (a *API) written(content map[string]any) *huma.Response {
	success := &huma.Response{Content: map[string]*huma.MediaType{}}
	for mediaType, example := range content {
		media := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
		if mediaType == "application/json" {
			media.Schema = a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(example), true, "")
		}
		success.Content[mediaType] = media
	}
	return success
}

// String is the level as the document's x-access shows it.
func (a Access) String() string {
	return [...]string{"public", "customer", "support", "admin"}[a]
}

func security(op Operation) []map[string][]string {
	switch {
	case op.Access == Public:
		return []map[string][]string{{}}
	case op.Scope() == "":
		return []map[string][]string{{bearer: {}}}
	default:
		return []map[string][]string{{bearer: {}}, {apiKey: {}}}
	}
}

// expected are the problems an operation may answer with.
func expected(op Operation, hasBody bool) []*Problem {
	list := []*Problem{
		ErrBadRequest,
		problemOf(errValidation),
		problemOf(ErrLimited),
		problemOf(fault.ErrInternal),
		problemOf(fault.ErrUnavailable),
	}
	switch {
	case op.Access != Public:
		list = append(list, problemOf(errUnauthenticated), problemOf(errInvalidToken))
	case !op.IgnoresToken:
		list = append(list, problemOf(errInvalidToken))
	}
	if op.Access == Support || op.Access == Admin {
		list = append(list, problemOf(errForbidden))
	}
	switch {
	case op.Scope() != "":
		list = append(list, problemOf(identity.ErrScope))
	case op.PeopleOnly:
		list = append(list, problemOf(identity.ErrPeopleOnly))
	}
	if strings.Contains(op.Path, "{") {
		list = append(list, errNotFound)
	}
	if hasBody {
		list = append(list, errTooLarge, errMediaType, problem(http.StatusBadRequest, "malformed_body", "The body cannot be read."))
	}
	switch op.Key {
	case RequiredKey, OwnKey:
		list = append(list, problemOf(ErrKeyRequired), problemOf(ErrKeyMalformed), problemOf(ErrKeyReused), problemOf(ErrKeyInUse))
	case OptionalKey:
		list = append(list, problemOf(ErrKeyMalformed), problemOf(ErrKeyReused), problemOf(ErrKeyInUse))
	case NoKey:
	}
	if op.IfMatch {
		list = append(list, problemOf(ErrIfMatchRequired), problemOf(ErrIfMatchMalformed), problemOf(errStale))
	}
	return append(list, declared(op)...)
}

// declared are the operation's own cases.
func declared(op Operation) []*Problem {
	list := make([]*Problem, 0, len(op.Errors))
	for _, f := range op.Errors {
		list = append(list, problemOf(f))
	}
	return list
}

func byStatus(problems []*Problem) map[int][]*Problem {
	groups := map[int][]*Problem{}
	for _, p := range problems {
		group := groups[p.Status]
		if !slices.ContainsFunc(group, func(other *Problem) bool { return other.Code == p.Code }) {
			groups[p.Status] = append(group, p)
		}
	}
	return groups
}

// sharedResponse refers to one response for every operation with these cases.
func (a *API) sharedResponse(status int, problems []*Problem) *huma.Response {
	var codes []string
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	slices.Sort(codes)
	name := strings.Join(codes, ".")
	components := a.huma.OpenAPI().Components
	if components.Responses == nil {
		components.Responses = map[string]*huma.Response{}
	}
	if components.Responses[name] == nil {
		components.Responses[name] = a.problemResponse(status, problems)
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// problemResponse shows one example per case.
func (a *API) problemResponse(status int, problems []*Problem) *huma.Response {
	registry := a.huma.OpenAPI().Components.Schemas
	media := &huma.MediaType{
		Schema:   registry.Schema(reflect.TypeFor[Problem](), true, "Problem"),
		Examples: map[string]*huma.Example{},
	}
	var lines []string
	for _, p := range problems {
		example := map[string]any{
			"type": p.Type, "title": p.Title, "status": p.Status, "detail": p.Detail,
			"instance": "urn:uuid:0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11", "code": p.Code, "retryable": p.Retryable,
		}
		for name, value := range p.Details {
			example[name] = value
		}
		media.Examples[p.Code] = &huma.Example{Summary: p.Detail, Value: example}
		lines = append(lines, fmt.Sprintf("`%s`: %s", p.Code, p.Detail))
	}
	if status == http.StatusTooManyRequests {
		lines = append(lines, "RateLimit-Policy names the limits that hold, q requests within w seconds of each; RateLimit says that r are left, and all of them again after t seconds.")
	}
	return &huma.Response{
		Description: http.StatusText(status) + ". " + strings.Join(lines, " "),
		Content:     map[string]*huma.MediaType{problemType: media},
	}
}

// TransformSchema says that a problem may have further members.
func (*Problem) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.AdditionalProperties = true
	return s
}

func pointer[T any](v T) *T { return &v }
