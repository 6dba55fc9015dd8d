package cart

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/sql/cartdb"
)

// find reads the owner's cart, without locking it.
func (o Owner) find(ctx context.Context, db *cartdb.Queries) (row cartdb.Cart, err error) {
	switch {
	case o.UserID != uuid.Nil:
		row, err = db.GetCartOfUser(ctx, o.UserID)
	case o.CartID != uuid.Nil:
		row, err = db.GetCart(ctx, o.CartID)
	default:
		return row, pgx.ErrNoRows
	}
	if err != nil {
		return row, fmt.Errorf("read cart: %w", err)
	}
	return row, nil
}

// lock reads the owner's cart and keeps others from changing it.
func (o Owner) lock(ctx context.Context, db *cartdb.Queries) (row cartdb.Cart, err error) {
	switch {
	case o.UserID != uuid.Nil:
		row, err = db.LockCartOfUser(ctx, o.UserID)
	case o.CartID != uuid.Nil:
		row, err = db.LockCart(ctx, o.CartID)
	default:
		return row, pgx.ErrNoRows
	}
	if err != nil {
		return row, fmt.Errorf("lock cart: %w", err)
	}
	return row, nil
}

func withLines(ctx context.Context, db *cartdb.Queries, row cartdb.Cart) (Cart, error) {
	lines, err := db.ListCartLines(ctx, row.ID)
	if err != nil {
		return Cart{}, fmt.Errorf("list lines of cart %s: %w", row.ID, err)
	}
	updated := row.UpdatedAt.UTC()
	cart := Cart{
		ID: &row.ID, Currency: row.Currency, Country: text(row.Country), ShippingOption: row.ShippingOption, Coupon: text(row.Coupon),
		Lines: make([]Line, len(lines)), Version: row.Version, UpdatedAt: &updated,
	}
	for i, line := range lines {
		cart.Lines[i] = Line{ID: line.ID, VariantID: line.VariantID, Quantity: line.Quantity, SeenPrice: line.SeenPrice, AddedAt: line.AddedAt.UTC()}
	}
	return cart, nil
}

func coupon(row cartdb.Coupon) Coupon {
	c := Coupon{
		CouponTerms: CouponTerms{
			Code: row.Code, Kind: row.Kind, BasisPoints: int64(value(row.BasisPoints)),
			StartsAt: utc(row.StartsAt), EndsAt: utc(row.EndsAt), MaxUses: row.MaxUses, MaxUsesPerCustomer: row.MaxUsesPerCustomer,
		},
		Uses: row.Uses, CreatedAt: row.CreatedAt.UTC(), DeletedAt: utc(row.DeletedAt),
	}
	if row.Amount != nil {
		amount := money.New(*row.Amount, text(row.Currency))
		c.Amount = &amount
	}
	if row.Minimum != nil {
		minimum := money.New(*row.Minimum, text(row.Currency))
		c.Minimum = &minimum
	}
	return c
}

func redemption(row cartdb.CouponRedemption) Redemption {
	r := Redemption{OrderID: row.OrderID, Status: row.Status, Code: text(row.Code)}
	if row.Discount != nil {
		discount := money.New(*row.Discount, text(row.Currency))
		r.Discount = &discount
	}
	r.At = value(cmp.Or(row.RestoredAt, row.RedeemedAt)).UTC()
	return r
}

func text(s *string) string { return value(s) }

// value is what p points at, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// orNil is the opposite of value.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
