package gateway_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/id"
)

// TestRoutesAgreeWithTheDocument asks for every operation that the API
// describes: none may be unknown here, and the keys it requires are asked for at
// the door.
func TestRoutesAgreeWithTheDocument(t *testing.T) {
	e := open(t, echoing(t))
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				Name, In string
				Required bool
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(e.call("GET", "/openapi.json", "", nil).raw), &doc))
	for path, operations := range doc.Paths {
		for method, op := range operations {
			concrete := strings.Split(path, "/")
			for i, segment := range concrete {
				if strings.HasPrefix(segment, "{") {
					concrete[i] = id.New().String()
				}
			}
			needsKey := false
			for _, p := range op.Parameters {
				needsKey = needsKey || (p.In == "header" && p.Name == "Idempotency-Key" && p.Required)
			}
			a := e.call(strings.ToUpper(method), strings.Join(concrete, "/"), "", nil)
			if needsKey {
				e.refused(a, 400, "idempotency_key_required")
				continue
			}
			if op.OperationID == "read-dashboard" || op.OperationID == "list-services" { // its own
				e.refused(a, 401, "unauthenticated")
				continue
			}
			require.Equal(t, 200, a.status, "%s: %s", op.OperationID, a.raw)
			require.True(t, slices.Contains(services, a.body["service"].(string)), op.OperationID)
		}
	}
}
