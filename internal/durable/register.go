package durable

import (
	"context"
	"reflect"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"kassa/internal/operations"
)

// RegisterService registers every operation of svc as an activity by its
// plain name.
func RegisterService(w worker.ActivityRegistry, svc any) {
	operations.Methods(svc) // panics with a better sentence than the SDK
	w.RegisterActivity(svc)
}

// RegisterDirect registers, for every operation of a service that lives
// elsewhere, an activity of the same name that calls it there over internal
// HTTP. svc is a nil pointer of the service's type. A workflow runs it by
// workflow.ExecuteLocalActivity(ctx, stock.ReserveStock, in) with a nil stock:
// the SDK finds the registered function by the method's name.
func RegisterDirect(w worker.ActivityRegistry, caller *operations.Caller, service string, svc any) {
	for name, method := range operations.Methods(svc) {
		w.RegisterActivityWithOptions(direct(caller, service, name, method.Type), activity.RegisterOptions{
			Name:                          name,
			DisableAlreadyRegisteredCheck: false,
		})
	}
}

// direct makes a function with the operation's own types, so that the SDK
// checks and converts inputs and outputs as it would for the operation itself.
// method has the receiver as its first argument.
func direct(caller *operations.Caller, service, name string, method reflect.Type) any {
	out := method.Out(0)
	typ := reflect.FuncOf([]reflect.Type{method.In(1), method.In(2)}, []reflect.Type{out, method.Out(1)}, false)
	none := reflect.Zero(method.Out(1))
	return reflect.MakeFunc(typ, func(args []reflect.Value) []reflect.Value {
		result := reflect.New(out)
		err := caller.Call(args[0].Interface().(context.Context), service, name, args[1].Interface(), result.Interface())
		if err != nil {
			return []reflect.Value{result.Elem(), reflect.ValueOf(&err).Elem()}
		}
		return []reflect.Value{result.Elem(), none}
	}).Interface()
}
