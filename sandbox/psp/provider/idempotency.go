package provider

import (
	"context"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"kassa/internal/pg"
	"kassa/sql/pspdb"
)

// Idempotency keys, as docs.stripe.com/api/idempotent_requests and docs.stripe.com/error-low-level
// describe them: the status and body of the first request with a key are kept, whatever they are,
// once its work has begun, and sent again to the same request; a request with other parameters, and
// one that comes while the first is at work, are refused and keep nothing.

// keysKept is how long a key is remembered.
const keysKept = 24 * time.Hour

// inFlight are the keys of the requests at work. It lives in memory: what a process that died had
// under work was either committed, with its reply, or undone.
type inFlight struct {
	mu   sync.Mutex
	keys map[string]struct{}
}

// enter claims a key; false when another request has it. No key is always free.
func (f *inFlight) enter(key string) bool {
	if key == "" {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.keys[key]; taken {
		return false
	}
	f.keys[key] = struct{}{}
	return true
}

func (f *inFlight) leave(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.keys, key)
}

func keyInUse(key string) *refusal {
	return refuse(http.StatusConflict, idempotencyError, "idempotency_key_in_use", "",
		"There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, "+
			"and the other request is still going through): %s. Please try again later.", key)
}

// remembered looks for the reply kept for the call's key.
func (s *Server) remembered(ctx context.Context, c *call) (*reply, *refusal) {
	if c.key == "" {
		return nil, nil
	}
	kept, err := s.queries.GetIdempotencyKey(ctx, c.key)
	switch {
	case pg.NotFound(err):
		return nil, nil
	case err != nil:
		return nil, s.broken("read idempotency key", err)
	case kept.Path != c.path:
		return nil, refuse(http.StatusBadRequest, idempotencyError, "", "",
			"Keys for idempotent requests can only be used for the same endpoint they were first used for ('%s' vs '%s'). "+
				"Try using a key other than '%s' if you meant to execute a different request.", c.path, kept.Path, c.key)
	case string(kept.Fingerprint) != string(c.fingerprint):
		return nil, refuse(http.StatusBadRequest, idempotencyError, "", "",
			"Keys for idempotent requests can only be used with the same parameters they were first used with. "+
				"Try using a key other than '%s' if you meant to execute a different request.", c.key)
	}
	return &reply{status: int(kept.Status), body: []byte(kept.Body), original: kept.RequestID}, nil
}

// remember keeps a reply that changed nothing else.
func (s *Server) remember(ctx context.Context, c *call, r *reply) {
	if c.key == "" || c.plan.has("forget_key") {
		return
	}
	err := s.queries.InsertIdempotencyKey(ctx, pspdb.InsertIdempotencyKeyParams{
		Key: c.key, Path: c.path, Fingerprint: c.fingerprint,
		Status: int32(r.status), Body: string(r.body), RequestID: c.requestID, //nolint:gosec // an HTTP status
	})
	if err != nil {
		s.log.Warn("keep idempotency key", zap.Error(err))
	}
}

// forgetKeys removes keys that are old enough.
func (s *Server) forgetKeys(ctx context.Context, olderThan time.Duration) (int64, error) {
	return s.queries.DeleteIdempotencyKeys(ctx, time.Now().Add(-olderThan))
}
