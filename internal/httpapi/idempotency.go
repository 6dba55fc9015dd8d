package httpapi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/fault"
	"kassa/internal/identity"
	"kassa/internal/logging"
	"kassa/internal/pg"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotent-Replayed"
)

// Anonymous is the principal of keys that come without a token.
const Anonymous = "anonymous"

// What is refused about keys. Operations that keep their key themselves answer
// ErrKeyReused and ErrKeyInUse too.
var (
	// ErrKeyRequired is a request without the key it needs.
	ErrKeyRequired = fault.New(fault.Malformed, "idempotency_key_required", "Send an Idempotency-Key, so that a repeat of this request cannot happen twice.")
	// ErrKeyMalformed is a key of the wrong length or with unprintable characters.
	ErrKeyMalformed = fault.New(fault.Malformed, "idempotency_key_malformed", "Idempotency-Key must be one value of 1 to 255 printable ASCII characters.")
	// ErrKeyReused is a key that came with another request before.
	ErrKeyReused = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for a different request; take a new one.")
	// ErrKeyInUse is a key whose first request is still running.
	ErrKeyInUse = fault.New(fault.Conflict, "idempotency_key_in_use", "The first request with this Idempotency-Key is still running.").With("retry_after", 1)
)

// keyOf is the request's Idempotency-Key, "" when none came.
func keyOf(r *http.Request) (string, error) {
	values := r.Header[keyHeader]
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if len(values) > 1 || len(key) < 1 || len(key) > 255 {
		return "", ErrKeyMalformed
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return "", ErrKeyMalformed
		}
	}
	return key, nil
}

func fingerprint(secret string, r *http.Request, body []byte) []byte {
	sum := sha256.New()
	if secret != "" {
		sum = hmac.New(sha256.New, []byte(secret))
	}
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery} {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	sum.Write(body)
	return sum.Sum(nil)
}

// staleAfter is when a claim without an answer may be taken over: its process
// is gone. Longer than any keyed handler runs.
const staleAfter = 60 * time.Second

// keyStore is the table idempotency_keys.
type keyStore struct{ pool *pgxpool.Pool }

// answer is what is stored for a key.
type answer struct {
	status  int
	headers http.Header
	body    []byte
}

// claim is one request's hold on its key.
type claim struct {
	store       *keyStore
	principal   string
	operation   string
	key         string
	fingerprint []byte
	claimedAt   time.Time // proves that the hold is still ours; zero before take
}

// keyed serves a request that has a key, and stores its answer before it is sent.
func (rt *route) keyed(st *state, w http.ResponseWriter, r *http.Request) {
	principal := rt.api.keyOwner(r)
	if principal == "" {
		rt.next(w, r)
		return
	}
	st.claim = &claim{store: rt.api.keys, principal: principal, operation: rt.op.ID, key: st.key, fingerprint: st.fingerprint}
	held := newRecorder(w)
	served := false
	// The client may be gone; its answer is kept for when it asks again.
	ctx := context.WithoutCancel(r.Context())
	defer func() {
		if !served { // it panicked: no answer to keep
			st.claim.settle(ctx, nil)
		}
	}()
	rt.next(held, r)
	served = true
	if st.replay != nil {
		st.replay.write(w)
		return
	}
	st.claim.settle(ctx, held)
	held.send()
}

// keyOwner is whose keys they are that come with r.
func (a *API) keyOwner(r *http.Request) string {
	if p, ok := identity.From(r.Context()); ok {
		if p.IsKey() {
			return "key:" + p.SessionID.String()
		}
		return p.UserID.String()
	}
	if a.options.KeyOwner != nil {
		return a.options.KeyOwner(r)
	}
	return Anonymous
}

// The headers that belong to an answer and are given again with it.
var keptHeaders = []string{"Content-Type", "Location", "Etag", "Link", "Retry-After", "Preference-Applied"}

// settle stores the held answer, or gives the claim up when it must not be
// repeated as it is: nil, 5xx, or too many requests.
func (c *claim) settle(ctx context.Context, held *recorder) {
	if c.claimedAt.IsZero() {
		return // refused before it took the key
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := c.store.conn(ctx, func(conn *pgx.Conn) error {
		if held == nil || held.status >= http.StatusInternalServerError || held.status == http.StatusTooManyRequests {
			_, err := conn.Exec(ctx, giveUp, c.principal, c.operation, c.key, c.claimedAt)
			return err
		}
		headers := http.Header{}
		for _, name := range keptHeaders {
			if values := held.own.Values(name); len(values) > 0 {
				headers[name] = values
			}
		}
		document, err := json.Marshal(headers)
		if err != nil {
			return err
		}
		status := held.status
		if status == 0 {
			status = http.StatusOK
		}
		_, err = conn.Exec(ctx, store, c.principal, c.operation, c.key, c.claimedAt, status, document, held.body.Bytes())
		return err
	})
	if err != nil {
		logging.From(ctx).Warn("idempotency key not settled; a repeat waits until the claim is stale", zap.String("operation", c.operation), zap.Error(err))
	}
}

// claimOrRead inserts the claim, takes over a stale one, or reads what is there.
// One statement sees one snapshot: a row that another request inserts meanwhile
// is in neither part, and the caller asks again.
const claimOrRead = `
WITH claimed AS (
    INSERT INTO idempotency_keys AS held (principal, operation, key, fingerprint, claimed_at)
    VALUES ($1, $2, $3, $4, clock_timestamp())
    ON CONFLICT (principal, operation, key) DO UPDATE
        SET claimed_at = clock_timestamp()
        WHERE held.status IS NULL
          AND held.fingerprint = excluded.fingerprint
          AND held.claimed_at < clock_timestamp() - make_interval(secs => $5)
    RETURNING claimed_at
)
SELECT true, claimed_at, NULL::bytea, NULL::integer, NULL::jsonb, NULL::bytea
FROM claimed
UNION ALL
SELECT false, claimed_at, fingerprint, status, headers, body
FROM idempotency_keys
WHERE principal = $1 AND operation = $2 AND key = $3
  AND NOT EXISTS (SELECT FROM claimed)`

const store = `
UPDATE idempotency_keys
SET status = $5, headers = $6, body = $7, completed_at = now()
WHERE principal = $1 AND operation = $2 AND key = $3 AND claimed_at = $4 AND status IS NULL`

const giveUp = `
DELETE FROM idempotency_keys
WHERE principal = $1 AND operation = $2 AND key = $3 AND claimed_at = $4 AND status IS NULL`

var errRaced = errors.New("the key was claimed meanwhile")

// take claims the key. It answers the stored answer of an earlier request, nil
// when this request shall run, or why it may not.
func (c *claim) take(ctx context.Context) (*answer, error) {
	for range 3 {
		found, err := c.try(ctx)
		if !errors.Is(err, errRaced) {
			return found, err
		}
	}
	return nil, ErrKeyInUse
}

func (c *claim) try(ctx context.Context) (*answer, error) {
	var (
		ours    bool
		at      time.Time
		digest  []byte
		status  *int
		headers []byte
		body    []byte
	)
	err := c.store.conn(ctx, func(conn *pgx.Conn) error {
		row := conn.QueryRow(ctx, claimOrRead, c.principal, c.operation, c.key, c.fingerprint, staleAfter.Seconds())
		return row.Scan(&ours, &at, &digest, &status, &headers, &body)
	})
	switch {
	case pg.NotFound(err):
		return nil, errRaced
	case err != nil:
		return nil, fmt.Errorf("claim idempotency key: %w", err)
	case ours:
		c.claimedAt = at
		return nil, nil
	case !bytes.Equal(digest, c.fingerprint):
		return nil, ErrKeyReused
	case status == nil:
		return nil, ErrKeyInUse
	}
	found := &answer{status: *status, body: body}
	if err := json.Unmarshal(headers, &found.headers); err != nil {
		return nil, fmt.Errorf("stored headers of %s: %w", c.operation, err)
	}
	return found, nil
}

func (s *keyStore) conn(ctx context.Context, fn func(conn *pgx.Conn) error) error {
	return pg.Conn(ctx, s.pool, fn)
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.headers {
		w.Header()[name] = values
	}
	w.Header().Set(replayedHeader, "true")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
