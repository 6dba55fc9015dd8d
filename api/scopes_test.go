package api_test

import (
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

// TestEveryOperationIsWithinAScopeOrForPeople keeps an operation from being out
// of reach of every API key by mistake, and within reach of one by mistake: what
// could give a key more than it was given is listed here.
func TestEveryOperationIsWithinAScopeOrForPeople(t *testing.T) {
	var peopleOnly []string
	for _, item := range document().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.Extensions["x-access"] == "public" {
				continue
			}
			scope, ok := op.Extensions["x-scope"]
			if !ok {
				peopleOnly = append(peopleOnly, op.OperationID)
				continue
			}
			require.Regexp(t, `^[a-z][a-z-]{0,40}:(read|write)$`, scope, op.OperationID)
		}
	}
	require.ElementsMatch(t, []string{
		"logout-user", "change-password", "request-verification", "change-role", "delete-user",
		"list-api-keys", "create-api-key", "revoke-api-key",
	}, peopleOnly)
}
