// Package productapi is the HTTP surface of the product service: the catalogue,
// and what lines of it cost.
package productapi
