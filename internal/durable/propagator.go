package durable

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/workflow"

	"kassa/internal/correlation"
)

// correlationPropagator carries the correlation id from the one who starts a
// workflow through the workflow into its activities. A valid id needs no
// escaping in JSON, so writing it costs one small allocation.
type correlationPropagator struct{}

type correlationKey struct{}

var plainJSON = map[string][]byte{"encoding": []byte("json/plain")}

func (correlationPropagator) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	set(w, correlation.ID(ctx))
	return nil
}

func (correlationPropagator) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	id, _ := ctx.Value(correlationKey{}).(string)
	set(w, id)
	return nil
}

func (correlationPropagator) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	if id := get(r); id != "" {
		ctx = correlation.With(ctx, id)
	}
	return ctx, nil
}

func (correlationPropagator) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	if id := get(r); id != "" {
		ctx = workflow.WithValue(ctx, correlationKey{}, id)
	}
	return ctx, nil
}

func set(w workflow.HeaderWriter, id string) {
	if correlation.Valid(id) {
		w.Set(correlation.Header, &commonpb.Payload{Metadata: plainJSON, Data: []byte(`"` + id + `"`)})
	}
}

func get(r workflow.HeaderReader) string {
	payload, ok := r.Get(correlation.Header)
	if !ok {
		return ""
	}
	data := payload.GetData()
	if len(data) < 2 || !correlation.Valid(string(data[1:len(data)-1])) {
		return ""
	}
	return string(data[1 : len(data)-1])
}
