package verify

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

const couponUses = `
SELECT coupons.code, format('%s uses, %s redemptions, at most %s', coupons.uses, coalesce(live.n, 0), coalesce(coupons.max_uses::text, 'any number'))
FROM coupons
LEFT JOIN (SELECT code, count(*) AS n FROM coupon_redemptions WHERE status = 'redeemed' GROUP BY code) AS live ON live.code = coupons.code
WHERE coupons.uses <> coalesce(live.n, 0)
   OR coupons.uses > coupons.max_uses`

const customerUses = `
SELECT coalesce(coupon_customers.code, live.code) || ' ' || coalesce(coupon_customers.user_id, live.user_id), format('%s uses, %s redemptions, at most %s',
       coalesce(coupon_customers.uses, 0), coalesce(live.n, 0), coalesce(coupons.max_uses_per_customer::text, 'any number'))
FROM coupon_customers
FULL JOIN (
    SELECT code, user_id, count(*) AS n
    FROM coupon_redemptions
    WHERE status = 'redeemed'
    GROUP BY code, user_id
) AS live ON live.code = coupon_customers.code AND live.user_id = coupon_customers.user_id
LEFT JOIN coupons ON coupons.code = coalesce(coupon_customers.code, live.code)
WHERE coalesce(coupon_customers.uses, 0) <> coalesce(live.n, 0)
   OR coupon_customers.uses > coupons.max_uses_per_customer`

// couponRow is a coupon as an order carries it, or as the cart service gave it.
type couponRow struct {
	OrderID  uuid.UUID
	UserID   uuid.UUID
	Code     string
	Discount int64 // minor units
	Currency string
}

// terms are what both sides must agree on.
func (c couponRow) terms() string {
	return fmt.Sprintf("%s: %d %s off for %s", c.Code, c.Discount, c.Currency, c.UserID)
}

// couponsCarried is the part of O7 for which two services are asked. While an
// order is under way its redemption comes and goes. An order keeps the code as it
// was typed.
func couponsCarried(ctx context.Context, l *look) (int, []Finding, error) {
	carried, err := rows[couponRow](ctx, l, orders, `
		SELECT id, user_id, upper(btrim(coupon)), discount, currency
		FROM orders
		WHERE coupon IS NOT NULL`)
	if err != nil {
		return 0, nil, err
	}
	redeemed, err := rows[couponRow](ctx, l, carts, `
		SELECT order_id, user_id, code, discount, currency
		FROM coupon_redemptions
		WHERE status = 'redeemed'`)
	if err != nil {
		return 0, nil, err
	}
	byOrder := func(c couponRow) uuid.UUID { return c.OrderID }
	given := by(redeemed, byOrder)
	var found []Finding
	for _, c := range carried {
		if _, is := given[c.OrderID]; l.orders[c.OrderID].bought() && !is {
			found = append(found, Finding{c.OrderID.String(), "carries " + c.Code + ", of which no use was taken"})
		}
	}
	wanted := by(carried, byOrder)
	for _, r := range redeemed {
		o, known := l.orders[r.OrderID]
		c, carries := wanted[r.OrderID]
		switch {
		case !known:
			found = append(found, Finding{r.OrderID.String(), "a use of " + r.Code + " was taken for an order that does not exist"})
		case o.closed():
			found = append(found, Finding{r.OrderID.String(), "a use of " + r.Code + " is taken although the order is " + o.Status})
		case !carries || c.terms() != r.terms():
			found = append(found, Finding{r.OrderID.String(), fmt.Sprintf("carries %s; taken was %s", c.terms(), r.terms())})
		}
	}
	return len(carried) + len(redeemed), found, nil
}

// A cart is told to be abandoned once per version. One that has changed since
// may have been told of long ago.
const abandonedCartsTold = `
SELECT carts.id::text, format('reminded of version %s, told %s times', carts.reminded_version, count(told.id))
FROM carts
LEFT JOIN outbox AS told ON told.subject = carts.id::text AND told.sequence = carts.reminded_version AND told.type = 'cart.abandoned'
WHERE carts.reminded_version = carts.version
  AND carts.updated_at > @since
GROUP BY carts.id, carts.reminded_version
HAVING count(told.id) <> 1`
