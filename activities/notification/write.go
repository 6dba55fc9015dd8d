package notification

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// SendNotificationInput is what somebody of the shop writes to a customer; sent
// twice with the same RequestID it goes once.
type SendNotificationInput struct {
	RequestID uuid.UUID `json:"request_id"`
	UserID    uuid.UUID `json:"user_id"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`     // plain; an empty line separates paragraphs
	Channels  []Channel `json:"channels"` // empty means e-mail
}

// SendNotification records the messages; they are sent soon after. What the
// customer does not want by SMS or push is skipped.
func (s *Service) SendNotification(ctx context.Context, in SendNotificationInput) (Notifications, error) {
	if len(in.Channels) == 0 {
		in.Channels = []Channel{Email}
	}
	if err := s.acceptable(in); err != nil {
		return Notifications{}, err
	}
	people, err := s.contacts(ctx, []uuid.UUID{in.UserID})
	if err != nil {
		return Notifications{}, err
	}
	if person, known := people[in.UserID]; !known || person.Erased {
		return Notifications{}, ErrRecipientUnknown
	}
	m := message{event: in.RequestID, user: in.UserID, kind: kindCustom, facts: []byte("{}")}
	return s.keep(ctx, m, nil, in.Channels, func(db *notificationdb.Queries) error {
		return db.InsertLetter(ctx, notificationdb.InsertLetterParams{EventID: in.RequestID, Subject: in.Subject, Body: in.Text, CreatedAt: now()})
	})
}

func (s *Service) acceptable(in SendNotificationInput) error {
	subject, text := utf8.RuneCountInString(in.Subject), utf8.RuneCountInString(in.Text)
	if in.RequestID == uuid.Nil || in.UserID == uuid.Nil || subject < 1 || subject > 200 || text < 1 || text > 10_000 {
		return ErrBadMessage
	}
	for i, channel := range in.Channels {
		if s.options.Senders[channel] == nil || slices.Contains(in.Channels[:i], channel) {
			return ErrBadMessage
		}
	}
	return nil
}

// ResendNotificationInput asks for a repetition; sent twice with the same
// RequestID it is repeated once.
type ResendNotificationInput struct {
	RequestID uuid.UUID `json:"request_id"`
	ID        uuid.UUID `json:"id"`
}

// ResendNotification sends a message that has been settled once more, to where
// the customer is reached now, as a message of its own.
func (s *Service) ResendNotification(ctx context.Context, in ResendNotificationInput) (Notification, error) {
	if in.RequestID == uuid.Nil {
		return Notification{}, ErrBadMessage
	}
	var again Notifications
	row, err := s.message(ctx, in.ID)
	if err != nil {
		return Notification{}, err
	}
	if row.Status == "pending" {
		return Notification{}, ErrNotificationPending
	}
	m := message{event: in.RequestID, user: row.UserID, kind: row.Kind, facts: row.Facts}
	if row.AboutID != nil {
		m.about = *row.AboutID
	}
	again, err = s.keep(ctx, m, &row.ID, []Channel{Channel(row.Channel)}, func(db *notificationdb.Queries) error {
		if row.Kind != kindCustom {
			return nil
		}
		copied, err := db.CopyLetter(ctx, in.RequestID, row.EventID)
		if err == nil && copied == 0 {
			if _, err = db.GetLetter(ctx, in.RequestID); pg.NotFound(err) { // not a repeat of this request either
				return ErrTextForgotten
			}
		}
		return err
	})
	if err != nil {
		return Notification{}, err
	}
	if len(again.Notifications) == 0 {
		return Notification{}, ErrBadMessage // the channel is off, or no browser is left
	}
	return again.Notifications[0], nil
}

// keep records messages with their text, in one transaction, once.
func (s *Service) keep(ctx context.Context, m message, resendOf *uuid.UUID, channels []Channel, text func(*notificationdb.Queries) error) (Notifications, error) {
	list := Notifications{Notifications: []Notification{}}
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := notificationdb.New(tx)
		if err := text(db); err != nil {
			return err
		}
		if err := s.insert(ctx, db, m, "operator", resendOf, channels); err != nil {
			return err
		}
		rows, err := db.ListMessagesOfEvent(ctx, m.event, m.user)
		if err != nil {
			return fmt.Errorf("read messages of %s: %w", m.event, err)
		}
		for _, row := range rows {
			list.Notifications = append(list.Notifications, notificationOf(row))
		}
		return nil
	})
	return list, err
}

func (s *Service) message(ctx context.Context, id uuid.UUID) (row notificationdb.Message, err error) {
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err = notificationdb.New(conn).GetMessage(ctx, id)
		if pg.NotFound(err) {
			return ErrNotificationNotFound
		}
		return err
	})
	return row, err
}
