package identity

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"kassa/internal/bus"
	"kassa/internal/cloudevent"
)

// SessionsRevoked is the event by which the user service withdraws tokens. Its
// subject is the user.
const SessionsRevoked = "user.sessions_revoked"

// remember is how long a withdrawal matters: the longest life of an access
// token, the leeway on both ends, and time to spare.
const remember = 12 * time.Minute

// Revocation is the payload of SessionsRevoked: which tokens are withdrawn.
type Revocation struct {
	UserID    uuid.UUID  `json:"user_id"`
	SessionID *uuid.UUID `json:"session_id"` // session or API key; nil means all of the user's
	Before    time.Time  `json:"before"`     // tokens issued up to then
}

// Revocations knows the access tokens that were withdrawn before they expired.
// Every process keeps its own, by listening to the user service; while the
// broker is away, a token lives on until it hears or the token expires.
// Safe for concurrent use.
type Revocations struct {
	mu       sync.RWMutex
	users    map[uuid.UUID]time.Time // tokens issued up to then
	sessions map[uuid.UUID]time.Time // ended then, for good
	swept    time.Time
}

// NewRevocations makes an empty list; Follow fills it.
func NewRevocations() *Revocations {
	return &Revocations{users: map[uuid.UUID]time.Time{}, sessions: map[uuid.UUID]time.Time{}}
}

// Follow is a component of a process: it listens until ctx ends. At start, and
// after any trouble with the broker, it hears again what was withdrawn lately.
func (r *Revocations) Follow(b *bus.Bus) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		return b.ListenBack(ctx, []string{SessionsRevoked}, remember, func(m jetstream.Msg) {
			var event cloudevent.Event
			if json.Unmarshal(m.Data(), &event) == nil {
				r.Hear(event)
			}
		})
	}
}

// Option makes a Verifier refuse what is withdrawn.
func (r *Revocations) Option() Option { return WithRevocation(r.Revoked) }

// Hear takes in one event; what it cannot read withdraws nothing.
func (r *Revocations) Hear(event cloudevent.Event) {
	var revoked Revocation
	if json.Unmarshal(event.Data, &revoked) == nil {
		r.Add(revoked)
	}
}

// Add withdraws tokens. The latest word counts, whatever the order of arrival.
func (r *Revocations) Add(revoked Revocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	which, of := r.users, revoked.UserID
	if revoked.SessionID != nil {
		which, of = r.sessions, *revoked.SessionID
	}
	if revoked.Before.After(which[of]) {
		which[of] = revoked.Before
	}
}

// Revoked reports whether a token of p that was issued then is withdrawn. A
// session that has ended gets no new tokens, so its time does not matter.
func (r *Revocations) Revoked(p Principal, issued time.Time) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ended := r.sessions[p.SessionID]; ended && p.SessionID != uuid.Nil {
		return true
	}
	before, all := r.users[p.UserID]
	return all && !issued.After(before)
}

// sweep forgets, now and then, what no living token can belong to.
func (r *Revocations) sweep(now time.Time) {
	if now.Sub(r.swept) < time.Minute {
		return
	}
	r.swept = now
	for _, list := range []map[uuid.UUID]time.Time{r.users, r.sessions} {
		for id, at := range list {
			if now.Sub(at) > remember {
				delete(list, id)
			}
		}
	}
}
