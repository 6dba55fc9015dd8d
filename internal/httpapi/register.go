package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// routeKey is where Huma's operation carries ours.
const routeKey = "kassa route"

// Register adds an operation. I and O are Huma's input and output structs:
// parameters by path, query and header tags, the body in Body (strict JSON) or
// RawBody (bytes as they came, for signatures and imports; contentType tag).
// handler answers a fault, or any error for a bug.
//
// It panics when the operation cannot be served as described: that is a bug, and
// it shows at start.
func Register[I, O any](a *API, op Operation, handler func(context.Context, *I) (*O, error)) {
	if op.MaxBody == 0 {
		op.MaxBody = DefaultMaxBody
	}
	rt := &route{api: a, op: op}
	input := reflect.TypeFor[I]()
	_, hasBody := input.FieldByName("Body")
	_, hasRaw := input.FieldByName("RawBody")
	described := huma.Operation{
		OperationID:      op.ID,
		Method:           op.Method,
		Path:             a.options.Prefix + op.Path,
		Summary:          op.Summary,
		Description:      op.Description,
		DefaultStatus:    op.Status,
		Deprecated:       !op.Deprecated.IsZero(),
		MaxBodyBytes:     op.MaxBody + 1, // the route has checked; Huma refuses its limit itself
		BodyReadTimeout:  -1,             // the route has read it; Huma's deadline would end the handler
		SkipValidateBody: hasRaw && !hasBody,
		Responses:        map[string]*huma.Response{},
		Metadata:         map[string]any{routeKey: rt},
	}
	if op.Tag != "" {
		described.Tags = []string{op.Tag}
	}
	a.describe(&described, op, hasBody || hasRaw)
	if hasRaw && described.RequestBody == nil {
		described.RequestBody = &huma.RequestBody{Required: true}
	}
	huma.Register(a.huma, described, func(ctx context.Context, in *I) (*O, error) {
		st := stateOf(ctx)
		if st.claim != nil {
			replay, err := st.claim.take(ctx)
			if err != nil {
				return nil, huma.ErrorWithHeaders(finished(ctx, err))
			}
			if st.replay = replay; replay != nil {
				return nil, errReplayed
			}
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, huma.ErrorWithHeaders(finished(ctx, err))
		}
		return out, nil
	})
	if raw := described.RequestBody; hasRaw && raw != nil && raw.Content["application/json"] != nil {
		raw.Content["application/json"].Schema = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true} // not a string, as Huma has it
	}
	if op.MayAccept {
		described.Responses["202"] = accepted(described.Responses[strconv.Itoa(cmp.Or(op.Status, http.StatusOK))])
	}
}

// accepted describes the answer of an operation that is still at work.
func accepted(success *huma.Response) *huma.Response {
	content := map[string]*huma.MediaType{}
	for kind, body := range success.Content {
		content[kind] = &huma.MediaType{Schema: body.Schema}
	}
	return &huma.Response{Description: "Accepted: it is still at work. Look again at Location.", Headers: success.Headers, Content: content}
}

// finished is err as Huma takes it: the problem and its headers.
func finished(ctx context.Context, err error) (error, http.Header) { //nolint:revive,staticcheck // in Huma's order
	p := finish(ctx, err)
	header := http.Header{}
	p.headers(header)
	return p, header
}

// errReplayed ends the handler of a request that is answered from the store.
// What Huma writes for it is thrown away.
var errReplayed = problem(http.StatusNoContent, "replayed", "Answered from the store.")
