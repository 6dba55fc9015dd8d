package cart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// What a redemption can be.
const (
	Redeemed = "redeemed"
	Restored = "restored"
)

// Redemption is the use of a coupon by an order.
type Redemption struct {
	OrderID  uuid.UUID    `json:"order_id"`
	Status   string       `json:"status"`             // redeemed or restored
	Code     string       `json:"code,omitempty"`     // "" on a tombstone that never held anything
	Discount *money.Money `json:"discount,omitempty"` // what the order was given; nil on a tombstone
	At       time.Time    `json:"at"`                 // since when it has this status
}

// RedeemCouponInput takes a use of a coupon on behalf of an order.
type RedeemCouponInput struct {
	OrderID  uuid.UUID   `json:"order_id"`
	UserID   uuid.UUID   `json:"user_id"`
	Code     string      `json:"code"`
	Discount money.Money `json:"discount"` // what the order is given; its currency is the order's
}

// RedeemCoupon takes one use of the coupon and one of the customer's. A repeat
// answers the same redemption. It fails with ErrCouponExhausted when none is
// left, with ErrCouponExpired when its time is over, and with ErrCouponRestored
// when the order's undo came before it. A refusal writes nothing.
func (s *Service) RedeemCoupon(ctx context.Context, in RedeemCouponInput) (Redemption, error) {
	in.Code = Canonical(in.Code)
	if in.OrderID == uuid.Nil || in.UserID == uuid.Nil || in.Code == "" || in.Discount.Amount < 0 || in.Discount.Currency == "" {
		return Redemption{}, ErrBadRedemption
	}
	made := Redemption{OrderID: in.OrderID, Status: Redeemed, Code: in.Code, Discount: &in.Discount, At: now()}
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := cartdb.New(tx)
		if err := db.LockRedemption(ctx, in.OrderID); err != nil {
			return fmt.Errorf("lock redemption %s: %w", in.OrderID, err)
		}
		before, err := db.GetRedemption(ctx, in.OrderID)
		switch {
		case err == nil:
			made, err = in.repeated(before)
			return err
		case !pg.NotFound(err):
			return fmt.Errorf("read redemption %s: %w", in.OrderID, err)
		}
		return in.take(ctx, db, made.At)
	})
	if err != nil {
		return Redemption{}, err
	}
	return made, nil
}

// repeated answers a redemption that is there already, if it is the same.
func (in RedeemCouponInput) repeated(before cartdb.CouponRedemption) (Redemption, error) {
	switch r := redemption(before); {
	case r.Status == Restored:
		return Redemption{}, ErrCouponRestored
	case r.Code != in.Code || *r.Discount != in.Discount || *before.UserID != in.UserID:
		return Redemption{}, ErrRedemptionDiffers
	default:
		return r, nil
	}
}

// take locks the coupon's row first and then the customer's, as everybody does.
func (in RedeemCouponInput) take(ctx context.Context, db *cartdb.Queries, at time.Time) error {
	taken, err := db.TakeCoupon(ctx, in.Code, at, in.Discount.Currency)
	if err != nil {
		return fmt.Errorf("take coupon %s: %w", in.Code, err)
	}
	if taken == 0 {
		return in.refusal(ctx, db, at)
	}
	if taken, err = db.TakeCustomerUse(ctx, in.Code, in.UserID); err != nil {
		return fmt.Errorf("take a use of coupon %s: %w", in.Code, err)
	}
	if taken == 0 {
		return ErrCouponExhausted
	}
	err = db.InsertRedemption(ctx, cartdb.InsertRedemptionParams{
		OrderID: in.OrderID, Code: &in.Code, UserID: &in.UserID, Discount: &in.Discount.Amount, Currency: &in.Discount.Currency, RedeemedAt: &at,
	})
	if err != nil {
		return fmt.Errorf("insert redemption %s: %w", in.OrderID, err)
	}
	return nil
}

// refusal says why the coupon could not be taken. What changed in between, a use
// that was given back for example, is left to the next attempt of the customer.
func (in RedeemCouponInput) refusal(ctx context.Context, db *cartdb.Queries, at time.Time) error {
	row, err := db.GetCoupon(ctx, in.UserID, in.Code)
	switch {
	case pg.NotFound(err):
		return ErrCouponUnknown
	case err != nil:
		return fmt.Errorf("read coupon %s: %w", in.Code, err)
	}
	err = usable(row, in.Discount.Currency, at)
	switch {
	case err == nil:
		return ErrCouponExhausted
	case errors.Is(err, ErrCouponUnknown):
		return ErrCouponExpired // the order was promised it, and it was withdrawn since
	default:
		return err
	}
}

// RestoreCouponInput names the order whose use of a coupon is given back.
type RestoreCouponInput struct {
	OrderID uuid.UUID `json:"order_id"`
}

// RestoreCoupon undoes RedeemCoupon. It always succeeds: with nothing to give
// back it leaves a tombstone, and a repeat answers what the first one did.
func (s *Service) RestoreCoupon(ctx context.Context, in RestoreCouponInput) (Redemption, error) {
	if in.OrderID == uuid.Nil {
		return Redemption{}, ErrBadRedemption
	}
	var restored Redemption
	err := pg.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		db := cartdb.New(tx)
		if err := db.LockRedemption(ctx, in.OrderID); err != nil {
			return fmt.Errorf("lock redemption %s: %w", in.OrderID, err)
		}
		row, err := db.RestoreRedemption(ctx, in.OrderID, now())
		if err != nil {
			return fmt.Errorf("restore the coupon of %s: %w", in.OrderID, err)
		}
		restored = redemption(row)
		return nil
	})
	return restored, err
}
