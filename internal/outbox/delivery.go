package outbox

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kassa/internal/bus"
	"kassa/internal/cloudevent"
)

// delivery is an event as it was received.
type delivery struct {
	msg     jetstream.Msg
	event   cloudevent.Event
	err     error // why it cannot be read; nil when it can
	revived bool  // an operator has sent it again to this consumer
	foreign bool  // an operator has sent it again to another consumer
}

var errIncomplete = errors.New("the event lacks an id, a subject or a sequence")

func open(m jetstream.Msg, consumer string) *delivery {
	revivedFor := bus.RevivedFor(m)
	d := &delivery{msg: m, revived: revivedFor == consumer, foreign: revivedFor != "" && revivedFor != consumer}
	d.err = json.Unmarshal(m.Data(), &d.event)
	if d.err == nil && (d.event.ID == uuid.Nil || d.event.Subject == "" || d.event.Sequence <= 0) {
		d.err = errIncomplete
	}
	return d
}

// id is the event's, or what else tells an unreadable message apart.
func (d *delivery) id() string {
	if d.event.ID != uuid.Nil {
		return d.event.ID.String()
	}
	if id := d.msg.Headers().Get(nats.MsgIdHdr); id != "" {
		return id
	}
	if meta, err := d.msg.Metadata(); err == nil {
		return fmt.Sprintf("message %d", meta.Sequence.Stream)
	}
	return "unknown"
}

// typ is the event's type as it was addressed.
func (d *delivery) typ() string { return bus.TypeOf(d.msg) }
