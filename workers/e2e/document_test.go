package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/internal/id"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// operation is one of those in the document that the gateway serves.
type operation struct {
	name, method, path string
	access             string   // public, customer, support or admin
	kind               string   // media type of the body; "" when it takes none
	example            string   // of the body; "" when it takes none
	raw                bool     // the body is not ours to parse
	queries            []string // parameters
	texts              []string // those of them that may be any text, or text like the canary
	key, condition     bool     // Idempotency-Key, If-Match is required
	hasID              bool
}

// operations are all that the document describes.
func operations(t *testing.T) []operation {
	t.Helper()
	r := ask{method: http.MethodGet, path: "/openapi.json"}.gateway(t)
	require.Equal(t, http.StatusOK, r.status)
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Access      string `json:"x-access"`
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   struct {
					Type, Format, Pattern string
					Enum                  []any
				}
			}
			RequestBody struct {
				Content map[string]struct{ Example json.RawMessage }
			} `json:"requestBody"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &document))
	var found []operation
	for path, methods := range document.Paths {
		for method, described := range methods {
			op := operation{name: described.OperationID, method: strings.ToUpper(method), path: path, access: described.Access}
			for _, parameter := range described.Parameters {
				switch {
				case parameter.In == "query":
					op.queries = append(op.queries, parameter.Name)
					if s := parameter.Schema; s.Type == "string" && s.Format == "" && len(s.Enum) == 0 && regexp.MustCompile(s.Pattern).MatchString(canary) {
						op.texts = append(op.texts, parameter.Name)
					}
				case parameter.In == "path":
					op.hasID = true
				case parameter.Name == "Idempotency-Key":
					op.key = parameter.Required
				case parameter.Name == "If-Match":
					op.condition = parameter.Required
				}
			}
			for kind, content := range described.RequestBody.Content {
				op.kind, op.example, op.raw = kind, string(content.Example), content.Example == nil || kind != "application/json"
				_ = json.Unmarshal(content.Example, &op.example) // text is quoted
			}
			found = append(found, op)
		}
	}
	require.Greater(t, len(found), 25, "the whole document")
	return found
}

// ask is the operation's request, right in every respect but that what it names
// does not exist. The admin makes it.
func (op operation) ask(t *testing.T) ask {
	t.Helper()
	a := ask{method: op.method, path: placeholder.ReplaceAllStringFunc(op.path, func(string) string { return id.New().String() }), body: op.example, header: map[string]string{}}
	if op.access != "public" {
		a.token = tokenOf(t, shop.Admin())
	}
	if op.key {
		a.header["Idempotency-Key"] = uuid.NewString()
	}
	if op.condition {
		a.header["If-Match"] = `"1"`
	}
	if op.kind != "" {
		a.header["Content-Type"] = op.kind
	}
	return a
}

// with is a copy of the request with one header changed.
func (a ask) with(name, value string) ask {
	header := map[string]string{name: value}
	for other, kept := range a.header {
		if other != name {
			header[other] = kept
		}
	}
	a.header = header
	return a
}

// saying is a copy of the request with another body.
func (a ask) saying(body string) ask {
	a.body = body
	return a
}

// asking is a copy of the request with a query.
func (a ask) asking(query string) ask {
	a.path += "?" + query
	return a
}
