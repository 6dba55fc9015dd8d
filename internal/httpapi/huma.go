package httpapi

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"kassa/internal/fault"
)

// Huma keeps these as package variables; they must be set before a schema is made.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return refusal(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return finish(ctx.Context(), refusal(status, message, errs))
	}
	huma.ErrorFormatter = formatWithoutValue
}

// maxFieldErrors bounds the errors of one problem: a body can be wrong in
// thousands of places.
const maxFieldErrors = 20

// refusal is what Huma itself refuses, as a problem.
func refusal(status int, message string, errs []error) *Problem {
	if len(errs) == 1 {
		var own *Problem
		if errors.As(errs[0], &own) {
			return own
		}
	}
	var p *Problem
	switch status {
	case 0: // Huma looks at the type
		return &Problem{}
	case http.StatusUnprocessableEntity:
		p = problemOf(errValidation)
	case http.StatusBadRequest:
		p = problem(status, "malformed_body", "The body cannot be read.")
		if len(errs) == 0 {
			p = problem(status, "body_required", "This needs a JSON body.")
		}
	case http.StatusRequestEntityTooLarge:
		p = problem(status, "body_too_large", "The body is larger than this operation accepts.")
	case http.StatusUnsupportedMediaType:
		p = problem(status, "unsupported_media_type", "Send the body in a media type that this operation takes.")
	case http.StatusRequestTimeout:
		p = problem(status, "body_timeout", "The body took too long to arrive.")
		p.Retryable = true
	case http.StatusNotAcceptable:
		p = problem(status, "not_acceptable", "This operation cannot answer in any of the media types asked for.")
	default:
		p = problemOf(fault.ErrInternal.Because(errors.Join(append(errs, errors.New(message))...)))
		return p
	}
	for i, err := range errs {
		if i == maxFieldErrors {
			break
		}
		p.Errors = append(p.Errors, fieldError(err))
	}
	return p
}

// config is Huma without its documentation routes, schema links and leniency.
func config(o Options) huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[canonicalUUID]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Kassa: " + o.Service, Version: o.Version},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "An access token from /users/login."},
					apiKey: {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "An API key of /api-keys. Each operation's x-scope says what the key must be made for."},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": strictJSON, "json": strictJSON},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		CreateHooks:                  nil, // no $schema links: they reflect the Host header
	}
}

// canonicalUUID is how every uuid.UUID is described: 36 characters, so the
// other spellings that the library reads are refused.
type canonicalUUID struct{}

// Schema is for Huma.
func (canonicalUUID) Schema(huma.Registry) *huma.Schema {
	length := 36
	return &huma.Schema{Type: huma.TypeString, Format: "uuid", MinLength: &length, MaxLength: &length}
}

// formatWithoutValue is fmt.Sprintf for Huma's messages, minus the errors of
// parsers, which quote what they could not parse.
func formatWithoutValue(format string, args ...any) string {
	if len(args) == 1 {
		if _, quotes := args[0].(error); quotes {
			return strings.TrimSuffix(format, ": %v")
		}
	}
	return sprintf(format, args...)
}
