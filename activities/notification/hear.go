package notification

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/sql/notificationdb"
)

// hear applies events: it records the messages that they cause and the deliveries
// to the endpoints that want them, in a statement each. Nothing is sent here; the
// transaction is the inbox's.
func (s *Service) hear(ctx context.Context, tx pgx.Tx, told []cloudevent.Event) error {
	var messages notificationdb.InsertMessagesParams
	var deliveries notificationdb.InsertWebhookDeliveriesParams
	for _, event := range told {
		if kind, isTold := Kinds[event.Type]; isTold {
			m, err := caused(kind, event)
			if err != nil {
				return err
			}
			s.address(&messages, m, kind.Channels)
		}
		if slices.Contains(Published, event.Type) {
			payload, err := publication(event)
			if err != nil {
				return err
			}
			deliveries.EventIds = append(deliveries.EventIds, event.ID)
			deliveries.Types = append(deliveries.Types, event.Type)
			deliveries.Payloads = append(deliveries.Payloads, string(payload))
		}
	}
	db := notificationdb.New(tx)
	if len(messages.Ids) > 0 {
		messages.Source, messages.CreatedAt = "event", now()
		if err := db.InsertMessages(ctx, messages); err != nil {
			return fmt.Errorf("record messages: %w", err)
		}
	}
	if len(deliveries.EventIds) > 0 {
		deliveries.CreatedAt = now()
		if err := db.InsertWebhookDeliveries(ctx, deliveries); err != nil {
			return fmt.Errorf("record deliveries: %w", err)
		}
	}
	return nil
}

// Hearing is hear for an outbox.Consumer: operations alone are methods.
func Hearing(s *Service) func(ctx context.Context, tx pgx.Tx, told []cloudevent.Event) error {
	return s.hear
}

// about is what we read of the events of Kinds: whom and what they are about,
// and what a text may need.
type about struct {
	UserID    uuid.UUID `json:"user_id"`
	OrderID   uuid.UUID `json:"order_id"`
	CartID    uuid.UUID `json:"cart_id"`
	RequestID uuid.UUID `json:"request_id"`
	facts
}

// facts are kept with a message until it is forgotten: nothing personal.
type facts struct {
	Reason   string       `json:"reason,omitempty"`      // why an order was rejected
	Amount   *money.Money `json:"amount,omitempty"`      // what was refunded
	Full     bool         `json:"full,omitempty"`        // the refund leaves nothing
	Carrier  string       `json:"carrier,omitempty"`     // of a shipment
	Tracking string       `json:"tracking,omitempty"`    // of a shipment
	Complete bool         `json:"complete,omitempty"`    // with this shipment everything is on its way
	URL      string       `json:"webhook_url,omitempty"` // of an endpoint that was switched off
}

// id is what a message is about; zero for nothing.
func (a about) id() uuid.UUID { return cmp.Or(a.OrderID, a.CartID, a.RequestID) }

// message is what the messages of one cause have in common.
type message struct {
	event uuid.UUID
	user  uuid.UUID
	kind  string
	about uuid.UUID // zero for nothing
	facts []byte    // a JSON object
}

// caused is the message that an event causes.
func caused(kind Kind, event cloudevent.Event) (message, error) {
	about, err := events.Decode[about](event)
	if err != nil {
		return message{}, err
	}
	if about.UserID == uuid.Nil {
		return message{}, fmt.Errorf("%s %s is about nobody", event.Type, event.ID)
	}
	facts, err := json.Marshal(about.facts)
	if err != nil {
		return message{}, fmt.Errorf("facts of %s: %w", event.ID, err)
	}
	return message{event: event.ID, user: about.UserID, kind: kind.Name, about: about.id(), facts: facts}, nil
}

// address adds m for each of the channels that this shop has.
func (s *Service) address(to *notificationdb.InsertMessagesParams, m message, channels []Channel) {
	for _, channel := range channels {
		if s.options.Senders[channel] == nil {
			continue
		}
		to.Ids, to.EventIds, to.Channels = append(to.Ids, id.New()), append(to.EventIds, m.event), append(to.Channels, string(channel))
		to.UserIds, to.Kinds = append(to.UserIds, m.user), append(to.Kinds, m.kind)
		to.AboutIds, to.Facts = append(to.AboutIds, m.about), append(to.Facts, string(m.facts))
	}
}

// insert records a message for each of the channels that this shop has. resendOf
// is the one that it repeats; nil for none.
func (s *Service) insert(ctx context.Context, db *notificationdb.Queries, m message, source string, resendOf *uuid.UUID, channels []Channel) error {
	params := notificationdb.InsertMessagesParams{Source: source, ResendOf: resendOf, CreatedAt: now()}
	s.address(&params, m, channels)
	if err := db.InsertMessages(ctx, params); err != nil {
		return fmt.Errorf("record %s of %s: %w", m.kind, m.event, err)
	}
	return nil
}

// publication is what endpoints are told of an event.
func publication(event cloudevent.Event) ([]byte, error) {
	data := event.Data
	if strings.HasPrefix(event.Type, "user.") { // what people call themselves stays in the house
		var err error
		if data, err = json.Marshal(map[string]string{"user_id": event.Subject}); err != nil {
			return nil, fmt.Errorf("webhook of %s: %w", event.ID, err)
		}
	}
	payload, err := json.Marshal(webhookPayload{Type: event.Type, Timestamp: event.Time, Data: data})
	if err != nil {
		return nil, fmt.Errorf("webhook of %s: %w", event.ID, err)
	}
	return payload, nil
}
