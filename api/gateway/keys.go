package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"kassa/internal/httpapi"
)

// keyRule is what an operation does about the Idempotency-Key.
type keyRule int

const (
	ignoresKey keyRule = iota // a repeat with the same key happens again
	knowsKey                  // a repeat with the same key is the same request
	needsKey                  // it knows the key, and 400 without one
)

// ruled are the rules, with what the OpenAPI document says of keys.
func ruled(document []byte) (map[string]rule, error) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("keys of the OpenAPI document: %w", err)
	}
	all := maps.Clone(rules)
	for path, item := range doc.Paths {
		for method, operation := range item {
			if key := keyRuleOf(operation); key != ignoresKey {
				name := strings.ToUpper(method) + " " + strings.TrimPrefix(path, httpapi.PublicPrefix)
				r := all[name]
				r.key = key
				all[name] = r
			}
		}
	}
	return all, nil
}

func keyRuleOf(operation []byte) keyRule {
	var op struct {
		Parameters []struct {
			Name, In string
			Required bool
		}
	}
	if json.Unmarshal(operation, &op) != nil {
		return ignoresKey // parameters that the operations share
	}
	for _, p := range op.Parameters {
		switch {
		case p.In != "header" || p.Name != keyHeader:
		case p.Required:
			return needsKey
		default:
			return knowsKey
		}
	}
	return ignoresKey
}

// unpromise keeps a key that its operation ignores from being taken for leave to
// send the request again: by us, and by Go's transport, which does so by itself
// when a connection that was kept open breaks. Both go by the canonical name;
// to whoever receives it, case makes no difference (RFC 9110, section 5.1).
func unpromise(h map[string][]string) {
	if values, came := h[keyHeader]; came {
		delete(h, keyHeader)
		h["idempotency-key"] = values
	}
}
