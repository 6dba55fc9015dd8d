package cart

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/cloudevent"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// purchase is what order.confirmed says about the cart that the order was made of.
type purchase struct {
	CartID      uuid.UUID `json:"cart_id"` // zero when the order was made of lines
	CartVersion int64     `json:"cart_version"`
	Coupon      string    `json:"coupon"`
	Lines       []struct {
		VariantID uuid.UUID `json:"variant_id"`
		Quantity  int64     `json:"quantity"`
	} `json:"lines"`
}

// EmptyBought applies order.confirmed: the cart that the order was made of is
// emptied. When it has moved on since, what was bought is taken out of it. The
// inbox makes sure that an order is taken out once.
func EmptyBought(ctx context.Context, tx pgx.Tx, event cloudevent.Event) error {
	bought, err := events.Decode[purchase](event)
	if err != nil || bought.CartID == uuid.Nil {
		return err
	}
	db := cartdb.New(tx)
	row, err := db.LockCartByID(ctx, bought.CartID)
	if pg.NotFound(err) {
		return nil // its owner was forgotten
	}
	if err != nil {
		return fmt.Errorf("lock cart %s: %w", bought.CartID, err)
	}
	e := &edit{db: db, at: now()}
	if e.Cart, err = withLines(ctx, db, row); err != nil {
		return err
	}
	_, err = e.run(ctx, func(e *edit) error {
		if e.Version == bought.CartVersion {
			return e.clear(ctx)
		}
		return e.subtract(ctx, bought)
	})
	return err
}

// subtract takes out what was bought, and the coupon when it was used.
func (e *edit) subtract(ctx context.Context, bought purchase) error {
	changed := false
	if e.Coupon != "" && e.Coupon == Canonical(bought.Coupon) {
		e.Coupon, changed = "", true
	}
	for _, line := range bought.Lines {
		left := e.quantity(line.VariantID) - line.Quantity
		if left == -line.Quantity {
			continue // taken out before
		}
		changed = true
		if err := e.db.SubtractCartLine(ctx, line.Quantity, *e.ID, line.VariantID); err != nil {
			return fmt.Errorf("take %s out of cart %s: %w", line.VariantID, *e.ID, err)
		}
		e.Lines = slices.DeleteFunc(e.Lines, func(l Line) bool { return l.VariantID == line.VariantID && left <= 0 })
	}
	if !changed {
		return errSame
	}
	return nil
}
