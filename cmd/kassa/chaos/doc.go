// Package chaos breaks a platform of its own while customers buy, heals it, and
// counts what must not have happened.
//
// A run is one scenario at one seed: customers buy (crew.go) before, during and
// after something goes wrong (scenarios.go, by the means of faults.go), every
// operation and its outcome is recorded (history.go), and when everything has
// come to rest the customers' answers are held against the books of the orders
// and of the provider (books.go), and all invariants are checked (kassa verify
// --strict). The row that comes of it (report.go) ends in five counts that must
// be 0. Contests (contests.go) are scenarios in which nothing breaks and many
// want the same.
//
// Package model below explores the same promises in virtual time.
package chaos
