package order

import (
	"context"
	"fmt"

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

// FollowPayment applies what the payment service tells of an order's payment,
// and reports whether the order's checkout waits for that. Money that somebody
// takes by hand after the checkout is in no saga of ours: only this tells.
func FollowPayment(ctx context.Context, tx pgx.Tx, about events.PaymentChanged) (waiting bool, err error) {
	q := orderdb.New(tx)
	o, err := q.LockOrder(ctx, about.OrderID)
	if pg.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("order %s: %w", about.OrderID, err)
	}
	switch Status(o.Status) {
	case AwaitingPayment, Held:
		return true, nil
	case Confirmed, PartiallyShipped, Shipped, Delivered:
	default:
		return false, nil
	}
	status := ""
	switch {
	case about.Captured.Amount >= o.Total:
		status = "captured"
	case about.Captured.Amount > 0:
		status = "partially_captured"
	}
	if status == "" || o.PaymentStatus != "authorized" && o.PaymentStatus != "partially_captured" || o.PaymentStatus == status || o.CancelRequestedAt != nil {
		return false, nil
	}
	_, err = forward(ctx, q, o, events.Order{Payment: &about.PaymentID}, step{event: events.OrderPaymentChanged, actor: "payment", change: change{PaymentStatus: &status}})
	return false, err
}
