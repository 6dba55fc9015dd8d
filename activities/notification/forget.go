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

// How long things are kept.
const (
	keepMessages   = 180 * 24 * time.Hour
	keepLetters    = 30 * 24 * time.Hour
	keepDeliveries = 30 * 24 * time.Hour
)

// ForgetRecipientInput names a person who is to be forgotten.
type ForgetRecipientInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// ForgottenRecipient counts what was forgotten. A repeat finds nothing more.
type ForgottenRecipient struct {
	Subscriptions int64 `json:"subscriptions"` // browsers
	Letters       int64 `json:"letters"`       // what the shop wrote
	Pending       int64 `json:"pending"`       // messages that are not sent any more
	Facts         int64 `json:"facts"`         // messages that kept a word of their event
}

// ForgetRecipient forgets all that is personal. What stays is that a message of
// some kind was sent to that user id; it goes after 180 days.
func (s *Service) ForgetRecipient(ctx context.Context, in ForgetRecipientInput) (ForgottenRecipient, error) {
	var out ForgottenRecipient
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		db := notificationdb.New(tx)
		if out.Subscriptions, err = db.DeletePushSubscriptions(ctx, in.UserID); err != nil {
			return fmt.Errorf("forget browsers of %s: %w", in.UserID, err)
		}
		if out.Letters, err = db.DeleteLettersOf(ctx, in.UserID); err != nil {
			return fmt.Errorf("forget letters to %s: %w", in.UserID, err)
		}
		if out.Pending, err = db.ForgetPendingMessages(ctx, in.UserID); err != nil {
			return fmt.Errorf("forget messages to %s: %w", in.UserID, err)
		}
		if out.Facts, err = db.ForgetFacts(ctx, in.UserID); err != nil {
			return fmt.Errorf("forget facts told to %s: %w", in.UserID, err)
		}
		return nil
	})
	return out, err
}

// ForgetOldNotificationsInput asks for the housekeeping.
type ForgetOldNotificationsInput struct{}

// ForgottenNotifications counts rows.
type ForgottenNotifications struct {
	Messages   int64 `json:"messages"`
	Letters    int64 `json:"letters"`
	Deliveries int64 `json:"deliveries"`
}

// ForgetOldNotifications deletes what has been kept long enough, in small steps.
func (s *Service) ForgetOldNotifications(ctx context.Context, _ ForgetOldNotificationsInput) (ForgottenNotifications, error) {
	var out ForgottenNotifications
	for _, each := range []struct {
		count  *int64
		delete func(db *notificationdb.Queries) (int64, error)
	}{
		{&out.Messages, func(db *notificationdb.Queries) (int64, error) {
			return db.DeleteOldMessages(ctx, now().Add(-keepMessages))
		}},
		{&out.Letters, func(db *notificationdb.Queries) (int64, error) {
			return db.DeleteOldLetters(ctx, now().Add(-keepLetters))
		}},
		{&out.Deliveries, func(db *notificationdb.Queries) (int64, error) {
			return db.DeleteOldWebhookDeliveries(ctx, now().Add(-keepDeliveries))
		}},
	} {
		for step := int64(1000); step == 1000; *each.count += step {
			err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
				step, err = each.delete(notificationdb.New(conn))
				return err
			})
			if err != nil {
				return out, fmt.Errorf("forget what is old: %w", err)
			}
		}
	}
	return out, nil
}
