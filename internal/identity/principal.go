package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"kassa/internal/fault"
)

// Role is what a principal may do. Each role may do what the one before may.
type Role string

// The roles.
const (
	Customer Role = "customer" // their own things
	Support  Role = "support"  // every customer's things
	Admin    Role = "admin"    // the shop itself
)

var ranks = map[Role]int{Customer: 1, Support: 2, Admin: 3}

// Known reports whether r is one of the declared roles.
func (r Role) Known() bool { return ranks[r] > 0 }

// Includes reports whether r may do what other may.
func (r Role) Includes(other Role) bool { return r.Known() && ranks[r] >= ranks[other] }

// Principal is the person or program that asks. SessionID is the family of
// refresh tokens that the access token belongs to, or the API key that it was
// exchanged for, or the nil UUID.
type Principal struct {
	UserID    uuid.UUID
	Role      Role
	SessionID uuid.UUID

	// Scopes are what an API key is for, like orders:read, in the name of its
	// owner; it may do nothing else. Nil is a person, who may do what the role may.
	Scopes []string
}

// IsKey reports whether p is an API key rather than a person.
func (p Principal) IsKey() bool { return p.Scopes != nil }

// Allows reports whether p may act within scope: a person always may.
func (p Principal) Allows(scope string) bool {
	return !p.IsKey() || slices.Contains(p.Scopes, scope)
}

// Owns reports whether p may see and change what belongs to user: their own,
// or anybody's for support and admin.
func (p Principal) Owns(user uuid.UUID) bool {
	return p.UserID == user || p.Role.Includes(Support)
}

// What is refused here.
var (
	// ErrNoToken is a request without a token where one is required.
	ErrNoToken = fault.New(fault.Unauthenticated, "unauthenticated", "Sign in first: this needs an access token.")
	// ErrBadToken is a token that is not ours, not valid any more, or not readable.
	ErrBadToken = fault.New(fault.Unauthenticated, "invalid_token", "The access token is not valid. Sign in again.")
	// ErrForbidden is a role that is not enough.
	ErrForbidden = fault.New(fault.Forbidden, "forbidden", "Your role does not allow this.")
	// ErrScope is an API key that was made for something else.
	ErrScope = fault.New(fault.Forbidden, "insufficient_scope", "This API key was not made for that; scope says what it would need.")
	// ErrPeopleOnly is an API key where only a person may ask.
	ErrPeopleOnly = fault.New(fault.Forbidden, "people_only", "This cannot be done by an API key; sign in.")
)

type key struct{}

// With returns a context in which p asks.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From is the principal that asks, and whether there is one.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(key{}).(Principal)
	return p, ok
}

type tokenKey struct{}

// WithToken returns a context that carries the verified access token itself,
// for a call on the principal's behalf to another service.
func WithToken(ctx context.Context, bearer string) context.Context {
	return context.WithValue(ctx, tokenKey{}, bearer)
}

// Token is the verified access token of ctx, or "".
func Token(ctx context.Context) string {
	bearer, _ := ctx.Value(tokenKey{}).(string)
	return bearer
}
