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
// recorded, a repeat is possible, and an event may be missed while the broker
// is away, so a cache needs a time to live as well.
func Broadcast(ctx context.Context, b *bus.Bus, types []string, f func(cloudevent.Event)) error {
	return b.Listen(ctx, types, func(m jetstream.Msg) {
		var event cloudevent.Event
		if json.Unmarshal(m.Data(), &event) == nil {
			f(event)
		}
	})
}
