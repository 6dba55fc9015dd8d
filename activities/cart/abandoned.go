package cart

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/events"
	"kassa/internal/outbox"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// RemindAbandonedCartsInput says which carts count as abandoned.
type RemindAbandonedCartsInput struct {
	Before time.Time `json:"before"` // not touched since
	Limit  int       `json:"limit"`  // carts in one call; at most 500, which 0 means too
}

// Reminded says how many customers are to be reminded.
type Reminded struct {
	Carts int `json:"carts"`
}

// RemindAbandonedCarts tells cart.abandoned of customers' carts that have lain
// untouched with something in them, once per version of a cart. Calling it
// again goes on with the next ones.
func (s *Service) RemindAbandonedCarts(ctx context.Context, in RemindAbandonedCartsInput) (Reminded, error) {
	if in.Limit <= 0 || in.Limit > 500 {
		in.Limit = 500
	}
	var reminded Reminded
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := cartdb.New(tx).RemindCarts(ctx, in.Before, int32(in.Limit))
		if err != nil {
			return fmt.Errorf("mark abandoned carts: %w", err)
		}
		at := now()
		for _, row := range rows {
			abandoned := events.NewCartAbandoned(at, row.Version, events.AbandonedCart{CartID: row.ID, UserID: *row.UserID})
			if err := outbox.Append(ctx, tx, abandoned); err != nil {
				return err
			}
		}
		reminded.Carts = len(rows)
		return nil
	})
	return reminded, err
}

// ForgetCartOwnerInput names somebody who wants to be forgotten.
type ForgetCartOwnerInput struct {
	UserID uuid.UUID `json:"user_id"`
}

// ForgottenCartOwner says what was deleted.
type ForgottenCartOwner struct {
	Carts      int64 `json:"carts"`
	SavedItems int64 `json:"saved_items"`
}

// ForgetCartOwner deletes a customer's cart and what they put aside. The uses of
// coupons stay, as their orders do: both hold the account's id and nothing else.
func (s *Service) ForgetCartOwner(ctx context.Context, in ForgetCartOwnerInput) (ForgottenCartOwner, error) {
	var gone ForgottenCartOwner
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		db := cartdb.New(tx)
		if gone.Carts, err = db.DeleteCartOfUser(ctx, in.UserID); err != nil {
			return fmt.Errorf("delete cart: %w", err)
		}
		if gone.SavedItems, err = db.DeleteSavedItemsOfUser(ctx, in.UserID); err != nil {
			return fmt.Errorf("delete saved items: %w", err)
		}
		if err := db.DeleteAnswersTo(ctx, in.UserID); err != nil {
			return fmt.Errorf("delete answers: %w", err)
		}
		return nil
	})
	return gone, err
}

const (
	guestCartsLive = 90 * 24 * time.Hour // after the last change
	sweepEvery     = time.Hour
	sweepAtOnce    = 500 // carts in one statement
)

// SweepGuestCarts deletes guests' carts that nobody has touched for 90 days,
// every hour until ctx ends. What fails is told to report and tried again.
func SweepGuestCarts(ctx context.Context, s *Service, report func(error)) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := sweep(ctx, s, now().Add(-guestCartsLive)); err != nil && ctx.Err() == nil {
			report(fmt.Errorf("sweep guest carts: %w", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func sweep(ctx context.Context, s *Service, before time.Time) error {
	for gone := int64(sweepAtOnce); gone == sweepAtOnce; {
		err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) (err error) {
			gone, err = cartdb.New(conn).DeleteGuestCarts(ctx, before, sweepAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
