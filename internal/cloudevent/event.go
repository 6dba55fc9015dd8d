// Package cloudevent is the envelope of Kassa's events: CloudEvents 1.0 in
// its JSON format (https://github.com/cloudevents/spec/tree/v1.0.2), with the
// extensions correlationid, causationid, traceparent and sequence.
package cloudevent

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Event is one fact, in the past tense. Subject is the id of the aggregate it
// is about; Sequence is that aggregate's version after the fact, so a consumer
// can tell an older event from a newer one.
type Event struct {
	SpecVersion     string          `json:"specversion"`
	ID              uuid.UUID       `json:"id"`
	Source          string          `json:"source"` // the publishing service, as "/kassa/order"
	Type            string          `json:"type"`   // like "order.confirmed"
	Subject         string          `json:"subject"`
	Time            time.Time       `json:"time"` // UTC
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	Sequence        int64           `json:"sequence"`
	CorrelationID   string          `json:"correlationid,omitempty"`
	CausationID     string          `json:"causationid,omitempty"` // id of the event that led to this one, or ""
	TraceParent     string          `json:"traceparent,omitempty"` // W3C trace context
}
