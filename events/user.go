package events

import "github.com/google/uuid"

// What the user service tells. The subject is the user's id, the data a User.
const (
	UserRegistered = "user.registered"
	UserUpdated    = "user.updated"
)

// User is an account as its events tell it, after the fact.
type User struct {
	UserID uuid.UUID `json:"user_id"`
	Name   string    `json:"name"`
}
