// Package cart keeps what people are about to buy, what they put aside, and the
// coupons that make it cheaper.
//
// # Nouns
//
// A Cart belongs to a customer, or to a guest who holds its id in a signed
// token. It has Lines, at most one per variant, a currency, perhaps a country, a
// way of shipping and the code of a coupon. A saved item is a variant that a
// customer put aside. A Coupon takes a part of the subtotal off, or an amount;
// a Redemption is its use by one order.
//
// # Prices
//
// The cart knows no prices. Whoever reads it asks the product service what the
// lines cost now; the price that the customer saw when they last touched a line
// is kept only to say that it has changed.
//
// # States
//
// Every customer has a cart, empty and at version 1 until they use it. Each
// change raises the version; an order names the version that it was made of, and
// order.confirmed empties the cart, or subtracts what was bought when the cart
// has moved on. Merging deletes the guest's cart.
//
// A redemption is redeemed, then restored. A restored one stays as a tombstone;
// one that never held anything is a tombstone too: the undo came first, and a
// late RedeemCoupon of that order is refused.
//
// # Invariants
//
//   - uses of a coupon = its redeemed redemptions ≤ its limit (checked by the schema).
//   - uses of a customer = their redeemed redemptions of it ≤ the limit per customer.
//   - an order that is not closed carries a coupon ⇔ it has a redeemed redemption.
//   - cart.abandoned is told once per version of a cart.
//
// # When it fails
//
// A change of a cart locks its row, so changes of one cart take turns; merging
// locks the guest's cart before the customer's, and nothing else locks two. A
// coupon's use is taken by one conditional update: of those who come at once,
// as many succeed as there are uses left. RedeemCoupon and RestoreCoupon are
// keyed by the order id and may be repeated at any time, at once, in any order.
//
// Nothing here waits for another service. Without the product service a cart
// can be read, without prices; nothing can be added to it.
package cart
