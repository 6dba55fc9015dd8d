package cart_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"kassa/activities/cart"
	"kassa/internal/fault"
	"kassa/internal/id"
	"kassa/internal/money"
	"kassa/internal/pgtest"
	"kassa/sql/cartdb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is a cart service on a database of its own.
type shop struct {
	*cart.Service
	pool *pgxpool.Pool
	t    testing.TB
}

func open(t testing.TB) shop {
	pool := pgtest.New(t, cartdb.Migrations())
	return shop{Service: cart.New(pool), pool: pool, t: t}
}

func ctx(t testing.TB) context.Context { return t.Context() }

func eur(amount int64) money.Money { return money.New(amount, "EUR") }

func ptr[T any](v T) *T { return &v }

// insist repeats what found no free connection, or waited too long for its turn
// on a busy machine, as callers do; a deadlock is a failure of the test.
func insist(do func() error) error {
	for {
		err := do()
		var refused *pgconn.PgError
		if !errors.Is(err, fault.ErrUnavailable) || errors.As(err, &refused) && refused.Code != lockTimeout {
			return err
		}
	}
}

const lockTimeout = "55P03"

// customer has a cart with so many of each variant at 10.00 EUR.
func (s shop) customer(lines map[uuid.UUID]int64) cart.Owner {
	s.t.Helper()
	owner := cart.Owner{UserID: id.New()}
	s.add(owner, lines)
	return owner
}

func (s shop) guest(lines map[uuid.UUID]int64) cart.Owner {
	s.t.Helper()
	var owner cart.Owner
	for variant, quantity := range lines {
		c, err := s.AddCartItem(ctx(s.t), cart.AddCartItemInput{Owner: owner, VariantID: variant, Quantity: quantity, UnitPrice: eur(1000)})
		require.NoError(s.t, err)
		owner.CartID = *c.ID
	}
	return owner
}

func (s shop) add(owner cart.Owner, lines map[uuid.UUID]int64) {
	s.t.Helper()
	for variant, quantity := range lines {
		_, err := s.AddCartItem(ctx(s.t), cart.AddCartItemInput{Owner: owner, VariantID: variant, Quantity: quantity, UnitPrice: eur(1000)})
		require.NoError(s.t, err)
	}
}

func (s shop) read(owner cart.Owner) cart.Cart {
	s.t.Helper()
	c, err := s.ReadCart(ctx(s.t), cart.ReadCartInput{Owner: owner})
	require.NoError(s.t, err)
	return c
}

// basket is what is in a cart, by variant.
func basket(c cart.Cart) map[uuid.UUID]int64 {
	lines := map[uuid.UUID]int64{}
	for _, line := range c.Lines {
		lines[line.VariantID] += line.Quantity
	}
	return lines
}

// coupon makes a percent coupon, changed by the options.
func (s shop) coupon(options ...func(*cart.CouponTerms)) string {
	s.t.Helper()
	terms := cart.CouponTerms{Code: "C-" + uuid.NewString(), Kind: cart.Percent, BasisPoints: 1000}
	for _, option := range options {
		option(&terms)
	}
	made, err := s.CreateCoupon(ctx(s.t), cart.CreateCouponInput{CouponTerms: terms})
	require.NoError(s.t, err)
	return made.Code
}

func limited(uses int64) func(*cart.CouponTerms) {
	return func(t *cart.CouponTerms) { t.MaxUses = &uses }
}

func perCustomer(uses int64) func(*cart.CouponTerms) {
	return func(t *cart.CouponTerms) { t.MaxUsesPerCustomer = &uses }
}

func (s shop) uses(code string) int64 {
	s.t.Helper()
	page, err := s.ListCoupons(ctx(s.t), cart.ListCouponsInput{Deleted: true})
	require.NoError(s.t, err)
	for _, c := range page.Coupons {
		if c.Code == code {
			return c.Uses
		}
	}
	require.Fail(s.t, "no such coupon", code)
	return 0
}

// sound fails the test unless every invariant of the package holds.
func (s shop) sound() {
	s.t.Helper()
	for name, query := range map[string]string{
		"uses = Σ redeemed ≤ limit": `SELECT count(*) FROM coupons WHERE uses > max_uses OR uses <> (
			SELECT count(*) FROM coupon_redemptions r WHERE r.code = coupons.code AND status = 'redeemed')`,
		"uses of a customer = theirs ≤ limit": `SELECT count(*) FROM coupon_customers c JOIN coupons USING (code) WHERE c.uses > max_uses_per_customer OR c.uses <> (
			SELECT count(*) FROM coupon_redemptions r WHERE r.code = c.code AND r.user_id = c.user_id AND status = 'redeemed')`,
		"a reminder is told once per version": `SELECT count(*) FROM (SELECT subject, sequence FROM outbox GROUP BY subject, sequence HAVING count(*) > 1) AS twice`,
	} {
		var violations int
		require.NoError(s.t, s.pool.QueryRow(context.WithoutCancel(ctx(s.t)), query).Scan(&violations), name)
		require.Zero(s.t, violations, name)
	}
}
