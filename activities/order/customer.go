package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/sql/orderdb"
)

// RememberCustomer applies what the user service tells of its users: the order
// service keeps their names, so that a list of orders needs no other service.
func RememberCustomer(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	user, err := events.Decode[struct {
		UserID uuid.UUID `json:"user_id"`
		Name   string    `json:"name"`
	}](event)
	if err != nil {
		return err
	}
	if err := orderdb.New(tx).UpsertCustomer(ctx, user.UserID, user.Name, event.Sequence); err != nil {
		return fmt.Errorf("remember customer %s: %w", user.UserID, err)
	}
	return nil
}
