package httpapi

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// document completes what Huma made of an operation with the examples that the
// tags of the bodies' fields give.
func (a *API) document(described *huma.Operation, op Operation) {
	schemas := a.huma.OpenAPI().Components.Schemas
	if described.RequestBody != nil {
		exemplify(schemas, described.RequestBody.Content["application/json"])
	}
	status := op.Status
	if status == 0 {
		status = described.DefaultStatus
	}
	if success := described.Responses[strconv.Itoa(status)]; success != nil {
		exemplify(schemas, success.Content["application/json"])
	}
}

func exemplify(schemas huma.Registry, media *huma.MediaType) {
	if media == nil || media.Example != nil || media.Schema == nil {
		return
	}
	if example, ok := exampleOf(schemas, media.Schema, 0); ok {
		media.Example = example
	}
}

// exampleOf puts an example together from those of a schema's parts. It has none
// when a required part has none.
func exampleOf(schemas huma.Registry, s *huma.Schema, depth int) (any, bool) {
	if s == nil || depth > 16 { // a type that contains itself
		return nil, false
	}
	if len(s.Examples) > 0 {
		return s.Examples[0], true
	}
	if s.Ref != "" {
		return exampleOf(schemas, schemas.SchemaFromRef(s.Ref), depth+1)
	}
	switch {
	case s.Default != nil:
		return s.Default, true
	case len(s.Enum) > 0:
		return s.Enum[0], true
	}
	switch s.Type {
	case huma.TypeObject:
		return exampleObject(schemas, s, depth)
	case huma.TypeArray:
		item, ok := exampleOf(schemas, s.Items, depth+1)
		return []any{item}, ok
	case huma.TypeBoolean:
		return false, true
	case huma.TypeString:
		return exampleString(s)
	default:
		return nil, false
	}
}

func exampleObject(schemas huma.Registry, s *huma.Schema, depth int) (any, bool) {
	object := map[string]any{}
	for name, property := range s.Properties {
		if value, ok := exampleOf(schemas, property, depth+1); ok {
			object[name] = value
		}
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return nil, false
		}
	}
	return object, true
}

// exampleString knows the formats that need no words of their own.
func exampleString(s *huma.Schema) (any, bool) {
	switch s.Format {
	case "uuid":
		return "0199a4d2-6f3e-7c43-9a57-2f1f0c9a7b11", true
	case "date-time":
		return "2026-03-14T09:26:53Z", true
	default:
		return nil, false
	}
}
