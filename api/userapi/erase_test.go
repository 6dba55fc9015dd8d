package userapi

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"kassa/activities/order"
	"kassa/activities/user"
	"kassa/internal/id"
	"kassa/workflows"
)

// TestTheSagaHasTheNameUnderWhichItIsStarted stands in for a reference, which
// would link every service into this one.
func TestTheSagaHasTheNameUnderWhichItIsStarted(t *testing.T) {
	require.Equal(t, "kassa/workflows."+eraseWorkflow, runtime.FuncForPC(reflect.ValueOf(workflows.Erase).Pointer()).Name())
	require.Equal(t, reflect.TypeFor[user.EraseUserInput](), reflect.TypeOf(workflows.Erase).In(1))
	require.Equal(t, order.Queue, eraseQueue)
	person := id.New()
	require.Equal(t, workflows.EraseID(person), eraseID(person))
}
