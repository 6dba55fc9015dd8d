package notification

import (
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

// hear applies an event: it records the messages that it causes and the
// deliveries to the endpoints that want it. Nothing is sent here; the
// transaction is the inbox's.
func (s *Service) hear(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	db := notificationdb.New(tx)
	if kind, told := Kinds[event.Type]; told {
		if err := s.record(ctx, db, kind, event); err != nil {
			return err
		}
	}
	if slices.Contains(Published, event.Type) {
		return publish(ctx, db, event)
	}
	return nil
}

// Hearing is hear for an outbox.Consumer: operations alone are methods.
func Hearing(s *Service) func(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
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

func (a about) id() *uuid.UUID {
	for _, each := range []uuid.UUID{a.OrderID, a.CartID, a.RequestID} {
		if each != uuid.Nil {
			return &each
		}
	}
	return nil
}

func (s *Service) record(ctx context.Context, db *notificationdb.Queries, kind Kind, event cloudevent.Event) error {
	about, err := events.Decode[about](event)
	if err != nil {
		return err
	}
	if about.UserID == uuid.Nil {
		return fmt.Errorf("%s %s is about nobody", event.Type, event.ID)
	}
	return s.insert(ctx, db, message{
		event: event.ID, user: about.UserID, kind: kind.Name, source: "event", about: about.id(), facts: about.facts,
	}, kind.Channels)
}

// message is what the messages of one cause have in common.
type message struct {
	event    uuid.UUID
	user     uuid.UUID
	kind     string
	source   string
	about    *uuid.UUID
	facts    facts
	rawFacts []byte // of a message that is repeated; nil otherwise
	resendOf *uuid.UUID
}

// insert records a message for each of the channels that this shop has.
func (s *Service) insert(ctx context.Context, db *notificationdb.Queries, m message, channels []Channel) error {
	document := m.rawFacts
	if document == nil {
		var err error
		if document, err = json.Marshal(m.facts); err != nil {
			return fmt.Errorf("facts of %s: %w", m.kind, err)
		}
	}
	params := notificationdb.InsertMessagesParams{
		EventID: m.event, UserID: m.user, Kind: m.kind, Source: m.source, AboutID: m.about, Facts: document, ResendOf: m.resendOf, CreatedAt: now(),
	}
	for _, channel := range channels {
		if s.options.Senders[channel] != nil {
			params.Ids, params.Channels = append(params.Ids, id.New()), append(params.Channels, string(channel))
		}
	}
	if err := db.InsertMessages(ctx, params); err != nil {
		return fmt.Errorf("record %s of %s: %w", m.kind, m.event, err)
	}
	return nil
}

// publish records a delivery for each endpoint that wants to hear the event.
func publish(ctx context.Context, db *notificationdb.Queries, event cloudevent.Event) error {
	word, _, _ := strings.Cut(event.Type, ".")
	data := event.Data
	if word == "user" { // what people call themselves stays in the house
		var err error
		if data, err = json.Marshal(map[string]string{"user_id": event.Subject}); err != nil {
			return fmt.Errorf("webhook of %s: %w", event.ID, err)
		}
	}
	payload, err := json.Marshal(webhookPayload{Type: event.Type, Timestamp: event.Time, Data: data})
	if err != nil {
		return fmt.Errorf("webhook of %s: %w", event.ID, err)
	}
	err = db.InsertWebhookDeliveries(ctx, notificationdb.InsertWebhookDeliveriesParams{
		EventID: event.ID, Type: event.Type, Payload: string(payload), CreatedAt: now(),
		Patterns: []string{event.Type, word + ".*", "*"},
	})
	if err != nil {
		return fmt.Errorf("record deliveries of %s: %w", event.ID, err)
	}
	return nil
}
