// Package shopper stands in for the people of a shop: an admin who fills the
// shelves and customers who buy. They use the public API through the generated
// client, and nothing else. The demo, the benchmark and the end-to-end tests
// are played by them.
package shopper
