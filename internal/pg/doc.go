// Package pg is how Kassa talks to Postgres: bounded pools, transactions,
// migrations, and the translation of a database's refusals into faults.
package pg
