package outbox

import (
	"context"
	"encoding/json"

	"github.com/nats-io/nats.go/jetstream"

	"kassa/internal/bus"
	"kassa/internal/cloudevent"
)

// Broadcast calls f with the events of types that are published from now on,
// in this process, until ctx ends: for dropping what a cache holds. Nothing is
// recorded, and a repeat is possible. It calls missed, at the same time as f
// perhaps, when events may have gone by: at the beginning, while the broker is
// away, and after that. A cache drops everything then.
func Broadcast(ctx context.Context, b *bus.Bus, types []string, f func(cloudevent.Event), missed func()) error {
	return b.Listen(ctx, types, func(m jetstream.Msg) {
		var event cloudevent.Event
		if json.Unmarshal(m.Data(), &event) == nil {
			f(event)
		}
	}, missed)
}
