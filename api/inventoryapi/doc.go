// Package inventoryapi is the HTTP surface of the inventory service: what there
// is of a product, and to whom it is promised.
package inventoryapi
