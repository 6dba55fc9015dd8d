// Package orderapi is the order service's HTTP surface: checkout, orders and
// their cancellation. A handler parses, calls the service, starts or follows a
// saga, and shapes the answer.
package orderapi
