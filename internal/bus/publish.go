package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kassa/internal/cloudevent"
)

// A Document is an event as it goes over the wire.
type Document struct {
	MessageID string // the broker drops a repeat of it within 10 minutes
	Type      string // of the event, like order.confirmed
	Subject   string // id of the aggregate
	JSON      []byte // the CloudEvents document
}

// Publish sends events in order and answers nil when the broker has
// acknowledged all of them. After an error some may have been taken.
func (b *Bus) Publish(ctx context.Context, events []cloudevent.Event) error {
	documents := make([]Document, len(events))
	for i, event := range events {
		body, err := json.Marshal(event)
		if err != nil {
			return fmt.Errorf("event %s: %w", event.ID, err)
		}
		documents[i] = Document{MessageID: event.ID.String(), Type: event.Type, Subject: event.Subject, JSON: body}
	}
	_, err := b.Send(ctx, documents)
	return err
}

// Send publishes documents and answers which of them the broker has
// acknowledged; all of them when the error is nil. Events of one subject never
// overtake each other: an event is sent only after the broker has acknowledged
// the one before it, so documents go in waves with one event per subject each.
func (b *Bus) Send(ctx context.Context, documents []Document) ([]bool, error) {
	acknowledged := make([]bool, len(documents))
	if err := b.Ensure(ctx); err != nil {
		return acknowledged, err
	}
	for rest := waves(documents); len(rest) > 0; rest = rest[1:] {
		if err := b.wave(ctx, documents, rest[0], acknowledged); err != nil {
			b.Doubt()
			return acknowledged, err
		}
	}
	return acknowledged, nil
}

// waves groups the indices of documents: the n-th event of each subject goes
// in wave n.
func waves(documents []Document) [][]int {
	var all [][]int
	seen := make(map[string]int, len(documents))
	for i, d := range documents {
		n := seen[d.Subject]
		seen[d.Subject] = n + 1
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], i)
	}
	return all
}

// wave sends the documents at indices without waiting in between, then waits
// for every acknowledgement.
func (b *Bus) wave(ctx context.Context, documents []Document, indices []int, acknowledged []bool) error {
	futures := make([]jetstream.PubAckFuture, 0, len(indices))
	var failed error
	for _, i := range indices {
		d := documents[i]
		future, err := b.js.PublishMsgAsync(message(events+d.Type, d), jetstream.WithRetryAttempts(0))
		if err != nil {
			failed = err
			break
		}
		futures = append(futures, future)
	}
	for n, future := range futures {
		select {
		case <-future.Ok():
			acknowledged[indices[n]] = true
		case err := <-future.Err():
			failed = err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if failed != nil {
		return fmt.Errorf("publish: %w", failed)
	}
	return nil
}

func message(subject string, d Document) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = d.JSON
	m.Header[nats.MsgIdHdr] = []string{d.MessageID}
	return m
}
