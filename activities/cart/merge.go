package cart

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// How a guest's cart comes into the customer's.
const (
	Sum         = "sum"          // quantities are added up
	KeepAccount = "keep_account" // the guest's cart is dropped
	KeepGuest   = "keep_guest"   // the customer's lines are dropped
)

// MergeCartsInput brings a guest's cart into a customer's.
type MergeCartsInput struct {
	UserID      uuid.UUID `json:"user_id"`
	GuestCartID uuid.UUID `json:"guest_cart_id"`
	Strategy    string    `json:"strategy"` // sum, keep_account or keep_guest
}

// MergeCarts brings a guest's cart into a customer's and deletes it, so that a
// repeat, or another merge at once, finds nothing to merge and answers the
// customer's cart as it is.
func (s *Service) MergeCarts(ctx context.Context, in MergeCartsInput) (Cart, error) {
	if in.UserID == uuid.Nil || in.Strategy != Sum && in.Strategy != KeepAccount && in.Strategy != KeepGuest {
		return Cart{}, ErrBadMerge
	}
	var merged Cart
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := cartdb.New(tx)
		guest, err := lockedGuest(ctx, db, in.GuestCartID)
		if err != nil {
			return err
		}
		e := &edit{Cart: unused(), db: db, at: now()}
		owner := Owner{UserID: in.UserID}
		row, err := owner.lock(ctx, db)
		if pg.NotFound(err) && guest.ID != nil {
			row, err = owner.begin(ctx, db, guest.Currency, e.at)
		}
		switch {
		case pg.NotFound(err):
		case err != nil:
			return err
		default:
			if e.Cart, err = withLines(ctx, db, row); err != nil {
				return err
			}
		}
		merged, err = e.run(ctx, func(e *edit) error { return e.takeIn(ctx, guest, in.Strategy) })
		return err
	})
	return merged, err
}

// lockedGuest is the guest's cart, or an unused one when it is gone.
func lockedGuest(ctx context.Context, db *cartdb.Queries, cartID uuid.UUID) (Cart, error) {
	row, err := Owner{CartID: cartID}.lock(ctx, db)
	if pg.NotFound(err) {
		return unused(), nil
	}
	if err != nil {
		return Cart{}, err
	}
	return withLines(ctx, db, row)
}

// takeIn moves the guest's lines here and deletes their cart. Quantities end at
// the most that a line can have.
func (e *edit) takeIn(ctx context.Context, guest Cart, strategy string) error {
	if guest.ID == nil {
		return errSame
	}
	if _, err := e.db.DeleteCart(ctx, *guest.ID); err != nil {
		return fmt.Errorf("delete guest cart %s: %w", *guest.ID, err)
	}
	if strategy == KeepAccount || len(guest.Lines) == 0 {
		return errSame
	}
	if strategy == KeepGuest {
		if _, err := e.db.DeleteCartLines(ctx, *e.ID); err != nil {
			return fmt.Errorf("empty cart %s: %w", *e.ID, err)
		}
		e.Lines, e.Coupon = []Line{}, ""
	}
	if len(e.Lines) == 0 {
		e.Currency, e.ShippingOption = guest.Currency, guest.ShippingOption
		if guest.Country != "" {
			e.Country = guest.Country
		}
	}
	if e.Coupon == "" {
		e.Coupon = guest.Coupon
	}
	for _, line := range guest.Lines {
		seen := line.SeenPrice
		if guest.Currency != e.Currency {
			seen = nil
		}
		if err := e.put(ctx, line.VariantID, min(e.quantity(line.VariantID)+line.Quantity, MaxQuantity), seen); err != nil {
			return err
		}
	}
	return nil
}
