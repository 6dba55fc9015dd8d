package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/internal/operations"
)

// TestOperationsHaveNamesOfTheirOwn: the order worker registers all of them
// side by side.
func TestOperationsHaveNamesOfTheirOwn(t *testing.T) {
	owner := map[string]string{}
	services := Remote()
	services["order"] = orders
	for service, operationsOf := range services {
		for name := range operations.Methods(operationsOf) {
			require.Empty(t, owner[name], "%s is an operation of %s too", name, service)
			owner[name] = service
		}
	}
}
