package cart

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kassa/internal/money"
	"kassa/internal/pg"
	"kassa/sql/cartdb"
)

// What a coupon can take off.
const (
	Percent = "percent"
	Fixed   = "fixed"
)

// CouponTerms are what a coupon gives, and to whom.
type CouponTerms struct {
	Code               string       `json:"code" minLength:"3" maxLength:"40" pattern:"^[A-Za-z0-9_-]+$" doc:"What the customer types, in any case; kept in capitals." example:"WELCOME10"`
	Kind               string       `json:"kind" enum:"percent,fixed" doc:"percent takes basis_points of the subtotal off, fixed takes amount." example:"percent"`
	BasisPoints        int64        `json:"basis_points,omitempty" minimum:"1" maximum:"10000" doc:"Hundredths of a percent: 1000 is 10 %. Of a percent coupon only." example:"1000"`
	Amount             *money.Money `json:"amount,omitempty" doc:"What is taken off, at most the subtotal. Of a fixed coupon only."`
	Minimum            *money.Money `json:"minimum,omitempty" doc:"The least subtotal; without it any. A coupon with an amount or a minimum is for orders in that currency."`
	StartsAt           *time.Time   `json:"starts_at,omitempty" doc:"From when it holds; without it for ever since." example:"2026-01-01T00:00:00Z"`
	EndsAt             *time.Time   `json:"ends_at,omitempty" doc:"Until when, exclusively; without it for ever." example:"2027-01-01T00:00:00Z"`
	MaxUses            *int64       `json:"max_uses,omitempty" minimum:"1" doc:"How many orders may carry it altogether; without it any number." example:"500"`
	MaxUsesPerCustomer *int64       `json:"max_uses_per_customer,omitempty" minimum:"1" doc:"How many orders of one customer may carry it; without it any number." example:"1"`
}

// Coupon makes an order cheaper.
type Coupon struct {
	CouponTerms
	Uses      int64      `json:"uses" doc:"Orders that carry it." example:"17"`
	CreatedAt time.Time  `json:"created_at" doc:"When it was made." example:"2026-01-01T00:00:00Z"`
	DeletedAt *time.Time `json:"deleted_at,omitempty" doc:"When it was withdrawn; absent while it can be used."`
}

// Canonical is how a code is kept: in capitals, without the blanks that came with it.
func Canonical(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// CreateCouponInput is a coupon to be.
type CreateCouponInput struct {
	CouponTerms
}

// CreateCoupon makes a coupon. A code is used for one coupon only, even when it
// was withdrawn: orders carry it.
func (s *Service) CreateCoupon(ctx context.Context, in CreateCouponInput) (Coupon, error) {
	in.Code = Canonical(in.Code)
	currency, err := in.check()
	if err != nil {
		return Coupon{}, err
	}
	made := Coupon{CouponTerms: in.CouponTerms, CreatedAt: now()}
	made.StartsAt, made.EndsAt = whole(in.StartsAt), whole(in.EndsAt)
	row := cartdb.InsertCouponParams{
		Code: in.Code, Kind: in.Kind, BasisPoints: orNil(int32(in.BasisPoints)), Currency: orNil(currency),
		StartsAt: made.StartsAt, EndsAt: made.EndsAt, MaxUses: in.MaxUses, MaxUsesPerCustomer: in.MaxUsesPerCustomer, CreatedAt: made.CreatedAt,
	}
	if in.Amount != nil {
		row.Amount = &in.Amount.Amount
	}
	if in.Minimum != nil {
		row.Minimum = &in.Minimum.Amount
	}
	err = pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		added, err := cartdb.New(conn).InsertCoupon(ctx, row)
		if err != nil {
			return fmt.Errorf("insert coupon %s: %w", in.Code, err)
		}
		if added == 0 {
			return ErrCouponExists
		}
		return nil
	})
	if err != nil {
		return Coupon{}, err
	}
	return made, nil
}

// check answers the currency that the terms bind the coupon to, "" when none.
func (t CouponTerms) check() (currency string, err error) {
	bad := func(what string) error { return ErrBadCoupon.With("reason", what) }
	for _, bound := range []*money.Money{t.Amount, t.Minimum} {
		if bound == nil {
			continue
		}
		if _, err := money.Exponent(bound.Currency); err != nil {
			return "", bad("the currency is unknown")
		}
		if bound.Amount <= 0 {
			return "", bad("amount and minimum must be positive")
		}
		if currency != "" && currency != bound.Currency {
			return "", bad("amount and minimum must be of one currency")
		}
		currency = bound.Currency
	}
	switch {
	case len(t.Code) < 3 || len(t.Code) > 40 || strings.Trim(t.Code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "":
		return "", bad("a code has 3 to 40 letters, digits, hyphens and underscores")
	case t.Kind == Percent && (t.BasisPoints < 1 || t.BasisPoints > 10_000 || t.Amount != nil):
		return "", bad("a percent coupon has basis_points from 1 to 10000, and no amount")
	case t.Kind == Fixed && (t.Amount == nil || t.BasisPoints != 0):
		return "", bad("a fixed coupon has an amount, and no basis_points")
	case t.Kind != Percent && t.Kind != Fixed:
		return "", bad("the kind is percent or fixed")
	case t.StartsAt != nil && t.EndsAt != nil && !t.EndsAt.After(*t.StartsAt):
		return "", bad("it must end after it starts")
	case t.MaxUses != nil && *t.MaxUses < 1 || t.MaxUsesPerCustomer != nil && *t.MaxUsesPerCustomer < 1:
		return "", bad("a limit is 1 at least")
	}
	return currency, nil
}

// whole is a time in the precision that the database keeps.
func whole(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC().Truncate(time.Microsecond)
	return &at
}

// ListCouponsInput selects coupons in the order of their codes.
type ListCouponsInput struct {
	After   string `json:"after"`   // continue after this code; "" starts
	Deleted bool   `json:"deleted"` // those that were withdrawn too
	Limit   int    `json:"limit"`   // at most 1000, which 0 means too
}

// Coupons is one page of coupons.
type Coupons struct {
	Coupons []Coupon `json:"coupons"`
	More    bool     `json:"more"` // whether there are more after the last
}

// ListCoupons shows the coupons and how often each was used.
func (s *Service) ListCoupons(ctx context.Context, in ListCouponsInput) (Coupons, error) {
	if in.Limit <= 0 || in.Limit > 1000 {
		in.Limit = 1000
	}
	page := Coupons{Coupons: []Coupon{}}
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		rows, err := cartdb.New(conn).ListCoupons(ctx, in.After, in.Deleted, int32(in.Limit)+1)
		if err != nil {
			return fmt.Errorf("list coupons: %w", err)
		}
		if len(rows) > in.Limit {
			rows, page.More = rows[:in.Limit], true
		}
		for _, row := range rows {
			page.Coupons = append(page.Coupons, coupon(row))
		}
		return nil
	})
	return page, err
}

// DeleteCouponInput names a coupon.
type DeleteCouponInput struct {
	Code string `json:"code"`
}

// DeletedCoupon says which coupon was withdrawn.
type DeletedCoupon struct {
	Code string `json:"code"`
}

// DeleteCoupon withdraws a coupon: no order can carry it from now on, and those
// that do keep it.
func (s *Service) DeleteCoupon(ctx context.Context, in DeleteCouponInput) (DeletedCoupon, error) {
	code := Canonical(in.Code)
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		gone, err := cartdb.New(conn).DeleteCoupon(ctx, now(), code)
		if err != nil {
			return fmt.Errorf("delete coupon %s: %w", code, err)
		}
		if gone == 0 {
			return ErrCouponMissing
		}
		return nil
	})
	return DeletedCoupon{Code: code}, err
}

// ReadDiscountInput asks what a coupon gives a customer.
type ReadDiscountInput struct {
	Code     string    `json:"code"`
	UserID   uuid.UUID `json:"user_id"`  // zero for a guest
	Currency string    `json:"currency"` // of the order
}

// Discount is what a coupon takes off, in the words of the product service's quotes.
type Discount struct {
	Code        string       `json:"code"`
	Kind        string       `json:"kind"`                   // percent or fixed
	BasisPoints int64        `json:"basis_points,omitempty"` // of a percent one: 1000 is 10 %
	Amount      *money.Money `json:"amount,omitempty"`       // of a fixed one
	Minimum     *money.Money `json:"minimum,omitempty"`      // the least subtotal; nil when any
}

// ReadDiscount answers what a coupon would take off now. It promises nothing:
// the use is taken by RedeemCoupon. It fails with ErrCouponUnknown,
// ErrCouponNotYet, ErrCouponExpired, ErrCouponCurrency or ErrCouponExhausted.
func (s *Service) ReadDiscount(ctx context.Context, in ReadDiscountInput) (Discount, error) {
	var discount Discount
	err := pg.Conn(ctx, s.pool, func(conn *pgx.Conn) error {
		row, err := cartdb.New(conn).GetCoupon(ctx, in.UserID, Canonical(in.Code))
		switch {
		case pg.NotFound(err):
			return ErrCouponUnknown
		case err != nil:
			return fmt.Errorf("read coupon: %w", err)
		}
		c := coupon(row.Coupon)
		discount = Discount{Code: c.Code, Kind: c.Kind, BasisPoints: c.BasisPoints, Amount: c.Amount, Minimum: c.Minimum}
		return usable(row, in.Currency, now())
	})
	if err != nil {
		return Discount{}, err
	}
	return discount, nil
}

// usable says why a coupon cannot be used, nil when it can. The conditions are
// those of the queries TakeCoupon and TakeCustomerUse.
func usable(row cartdb.GetCouponRow, currency string, at time.Time) error {
	c := row.Coupon
	switch {
	case c.DeletedAt != nil:
		return ErrCouponUnknown
	case c.StartsAt != nil && at.Before(*c.StartsAt):
		return ErrCouponNotYet.With("starts_at", c.StartsAt.UTC())
	case c.EndsAt != nil && !at.Before(*c.EndsAt):
		return ErrCouponExpired
	case c.Currency != nil && *c.Currency != currency:
		return ErrCouponCurrency.With("currency", *c.Currency)
	case c.MaxUses != nil && c.Uses >= *c.MaxUses, c.MaxUsesPerCustomer != nil && row.CustomerUses >= *c.MaxUsesPerCustomer:
		return ErrCouponExhausted
	}
	return nil
}
