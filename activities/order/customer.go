package order

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/pg"
	"kassa/sql/orderdb"
)

// RememberCustomer applies what the user service tells of its users: the order
// service keeps their names, so that a list of orders needs no other service.
func RememberCustomer(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	user, err := events.Decode[events.User](event)
	if err != nil {
		return err
	}
	if err := orderdb.New(tx).UpsertCustomer(ctx, user.UserID, user.Name, event.Sequence); err != nil {
		return fmt.Errorf("remember customer %s: %w", user.UserID, err)
	}
	return nil
}

// AwaitsPayment reports whether the order waits for its customer to satisfy the bank.
func AwaitsPayment(ctx context.Context, tx pgx.Tx, orderID uuid.UUID) (bool, error) {
	row, err := orderdb.New(tx).GetOrder(ctx, orderID)
	if pg.NotFound(err) {
		return false, nil
	}
	return Status(row.Status) == AwaitingPayment, err
}
