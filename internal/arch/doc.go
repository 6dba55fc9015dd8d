// Package arch holds the tests that keep the rooms of the repository apart.
// docs/architecture.md draws the picture that these tests enforce.
package arch
