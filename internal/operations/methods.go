package operations

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// Path is where a service serves its operations; the operation's name follows.
const Path = "/internal/operations/"

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// Methods answers the operations of a service by name. svc may be a nil
// pointer. It panics when an exported method has another shape than
// (ctx, In) (Out, error): such a method does not belong on a service.
func Methods(svc any) map[string]reflect.Method {
	typ := reflect.TypeOf(svc)
	methods := make(map[string]reflect.Method, typ.NumMethod())
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		t := m.Type // the receiver is argument 0
		if t.NumIn() != 3 || t.In(1) != contextType || t.NumOut() != 2 || t.Out(1) != errorType || t.IsVariadic() {
			panic(fmt.Sprintf("%s.%s has the shape %s; an operation is (ctx, In) (Out, error)", typ, m.Name, t))
		}
		methods[m.Name] = m
	}
	return methods
}

// Name is the name of an operation given as a method value, such as
// stock.ReserveStock, where stock may be a nil pointer.
func Name[In, Out any](op func(context.Context, In) (Out, error)) string {
	full := runtime.FuncForPC(reflect.ValueOf(op).Pointer()).Name()
	return strings.TrimSuffix(full[strings.LastIndexByte(full, '.')+1:], "-fm")
}
