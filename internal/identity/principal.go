package identity

import (
	"context"

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
// refresh tokens that the access token belongs to, or the nil UUID.
type Principal struct {
	UserID    uuid.UUID
	Role      Role
	SessionID uuid.UUID
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
