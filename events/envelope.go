// Package events is what Kassa's services tell each other: facts, in the past
// tense. One file per publishing service holds its event names and payloads;
// a payload carries ids, amounts and states, never e-mail or postal addresses.
package events

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"kassa/internal/cloudevent"
	"kassa/internal/id"
)

// New makes the event that says what became true of subject. source is the
// publishing service's name; sequence is the subject's version after the fact.
// It panics when data cannot be written as JSON, which is a bug in its type.
func New(source, typ string, subject uuid.UUID, sequence int64, at time.Time, data any) cloudevent.Event {
	document, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("event %s: %v", typ, err))
	}
	return cloudevent.Event{
		SpecVersion:     "1.0",
		ID:              id.New(),
		Source:          "/kassa/" + source,
		Type:            typ,
		Subject:         subject.String(),
		Time:            at.UTC(),
		DataContentType: "application/json",
		Data:            document,
		Sequence:        sequence,
	}
}

// Decode reads the payload of an event into a T.
func Decode[T any](event cloudevent.Event) (T, error) {
	var data T
	if err := json.Unmarshal(event.Data, &data); err != nil {
		return data, fmt.Errorf("payload of %s %s: %w", event.Type, event.ID, err)
	}
	return data, nil
}
