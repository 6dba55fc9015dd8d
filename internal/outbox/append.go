package outbox

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/propagation"

	"kassa/internal/cloudevent"
	"kassa/internal/correlation"
)

// insert wakes the relay through NOTIFY, which Postgres sends at commit.
const insert = `
INSERT INTO outbox (id, type, subject, sequence, event, created_at)
VALUES ($1, $2, $3, $4, $5, $6)`

// Append records events in the caller's transaction, while the aggregate's row
// is locked, so that an aggregate's events commit in order. It fills in the
// correlation id and the trace context that ctx carries.
func Append(ctx context.Context, tx pgx.Tx, events ...cloudevent.Event) error {
	batch := &pgx.Batch{}
	for _, event := range events {
		if err := Queue(ctx, batch, event); err != nil {
			return err
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("append to the outbox: %w", err)
	}
	return nil
}

// Queue is Append for a caller that sends the insert together with statements
// of its own, to save round trips on the checkout path.
func Queue(ctx context.Context, batch *pgx.Batch, event cloudevent.Event) error {
	document, err := Document(ctx, event)
	if err != nil {
		return err
	}
	batch.Queue(insert, event.ID, event.Type, event.Subject, event.Sequence, document, event.Time)
	return nil
}

// Document is the event as the outbox keeps it, with the correlation id, the
// cause and the trace context that ctx carries, for a caller whose one statement makes
// the change and inserts the outbox row.
func Document(ctx context.Context, event cloudevent.Event) ([]byte, error) {
	if event.CorrelationID == "" {
		event.CorrelationID = correlation.ID(ctx)
	}
	if event.CausationID == "" {
		event.CausationID = cause(ctx)
	}
	if event.TraceParent == "" {
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(ctx, carrier)
		event.TraceParent = carrier["traceparent"]
	}
	document, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", event.Type, err)
	}
	return document, nil
}
