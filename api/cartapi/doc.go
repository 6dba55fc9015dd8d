// Package cartapi is the cart service's HTTP surface: carts of guests and
// customers, saved items and coupons. A handler asks the product service what
// things cost, calls the cart service, and shows the cart with today's prices.
package cartapi
