// Package id makes and reads the identifiers of Kassa's things: UUIDs of
// version 7 (RFC 9562), which sort by the time they were made and therefore
// keep primary-key indexes narrow.
package id

import (
	"fmt"

	"github.com/google/uuid"
)

// New makes an id. It panics only when the system's source of randomness fails.
func New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Parse reads the canonical form (36 characters, lower or upper case hexadecimal
// digits) and nothing else: no braces, no "urn:uuid:", no missing hyphens.
func Parse(s string) (uuid.UUID, error) {
	if len(s) != 36 {
		return uuid.Nil, fmt.Errorf("id has %d characters, want 36", len(s))
	}
	return uuid.Parse(s)
}
