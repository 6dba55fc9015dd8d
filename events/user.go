package events

import (
	"time"

	"github.com/google/uuid"
)

// What the user service tells.
const (
	UserRegistered = "user.registered" // subject: user id; data: User
	UserUpdated    = "user.updated"    // subject: user id; data: User
	UserErased     = "user.erased"     // subject: user id; data: UserGone

	UserVerificationRequested  = "user.verification_requested"   // subject: request id; data: MailRequested
	UserPasswordResetRequested = "user.password_reset_requested" // subject: request id; data: MailRequested

	// Subject: the session's or key's id, or the user's when it is about all of
	// them; data: SessionsRevoked.
	UserSessionsRevoked = "user.sessions_revoked"
)

// User is an account as its events tell it, after the fact.
type User struct {
	UserID uuid.UUID `json:"user_id"`
	Name   string    `json:"name"`
}

// UserGone is an account of which nothing personal is left.
type UserGone struct {
	UserID uuid.UUID `json:"user_id"`
}

// MailRequested asks for a mail with a token. Who writes it gets address and
// token from the user service (IssueMailToken): neither is ever in an event.
type MailRequested struct {
	UserID    uuid.UUID `json:"user_id"`
	RequestID uuid.UUID `json:"request_id"`
}

// SessionsRevoked withdraws access tokens before they expire.
type SessionsRevoked struct {
	UserID    uuid.UUID  `json:"user_id"`
	SessionID *uuid.UUID `json:"session_id"` // session or API key, whose tokens are withdrawn for good; nil means all of the user's
	Before    time.Time  `json:"before"`     // with nil: tokens issued up to then, to the millisecond
}
