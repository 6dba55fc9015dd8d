package notification

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/notificationdb"
)

// Notification is a message and how far it has come. It holds no address and no text.
type Notification struct {
	ID        uuid.UUID  `json:"id" format:"uuid" doc:"Id of the message." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7b01"`
	UserID    uuid.UUID  `json:"user_id" format:"uuid" doc:"The customer it is for." example:"0199f3c2-0000-7000-8000-000000000001"`
	Channel   Channel    `json:"channel" enum:"email,sms,push" doc:"How it goes." example:"email"`
	Kind      string     `json:"kind" doc:"What it says." example:"order_confirmed"`
	AboutID   *uuid.UUID `json:"about_id,omitempty" format:"uuid" doc:"The order, cart or request that it is about." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a10"`
	EventID   uuid.UUID  `json:"event_id" format:"uuid" doc:"The event that it tells; of an operator's message, the request." example:"0199f3c2-8c1e-7d55-9d0e-5b8a3f4f7a55"`
	ResendOf  *uuid.UUID `json:"resend_of,omitempty" format:"uuid" doc:"The message that this one repeats."`
	Status    string     `json:"status" enum:"pending,sent,skipped,failed" doc:"sent: the channel's server took it. skipped: not wanted, or the customer cannot be reached that way. failed: given up." example:"sent"`
	Reason    string     `json:"reason,omitempty" doc:"Why it was skipped or failed, or is tried again: a stable word."`
	Attempts  int32      `json:"attempts" doc:"How often it was tried." example:"1"`
	NextAt    *time.Time `json:"next_attempt_at,omitempty" doc:"When it is tried next, UTC; absent once settled."`
	CreatedAt time.Time  `json:"created_at" doc:"When it was recorded, UTC." example:"2026-01-15T09:30:00Z"`
	SettledAt *time.Time `json:"settled_at,omitempty" doc:"When it was sent, skipped or given up, UTC." example:"2026-01-15T09:30:01Z"`
}

// ListNotificationsInput asks for messages, newest first.
type ListNotificationsInput struct {
	UserID  *uuid.UUID `json:"user_id"` // nil means everybody's
	Status  string     `json:"status"`  // "" means any
	Channel string     `json:"channel"` // "" means any
	Skipped bool       `json:"skipped"` // with those that were not sent because nobody wanted them
	Before  *uuid.UUID `json:"before"`  // nil starts at the newest
	Limit   int        `json:"limit"`   // messages, 1 to 101
}

// Notifications are some of them.
type Notifications struct {
	Notifications []Notification `json:"notifications"`
}

// ListNotifications leafs through the messages.
func (s *Service) ListNotifications(ctx context.Context, in ListNotificationsInput) (Notifications, error) {
	list := Notifications{Notifications: []Notification{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := notificationdb.New(conn).ListMessages(ctx, notificationdb.ListMessagesParams{
			UserID: in.UserID, Status: unlessEmpty(in.Status), Channel: unlessEmpty(in.Channel),
			SkippedToo: in.Skipped, Before: in.Before, RowLimit: int32(min(max(in.Limit, 1), 101)),
		})
		if err != nil {
			return fmt.Errorf("list messages: %w", err)
		}
		for _, row := range rows {
			list.Notifications = append(list.Notifications, notificationOf(row))
		}
		return nil
	})
	return list, err
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
