package httpapi

import (
	"context"
	"net/http"
)

// state is what one request has gathered on its way in.
type state struct {
	requestID string // canonical UUID
	route     string // like "/v1/orders/{id}", "" when nothing matched
	matched   bool   // a handler of ours was reached
	w         http.ResponseWriter
	r         *http.Request

	key         string // Idempotency-Key, "" when none came
	fingerprint []byte // SHA-256 of method, path, query and body; nil without a key
	ifMatch     int64  // version the client names, 0 when none
	claim       *claim // what this request must answer for, nil when it is not keyed
	replay      *answer
}

type stateKey struct{}

func stateOf(ctx context.Context) *state {
	st, _ := ctx.Value(stateKey{}).(*state)
	return st
}

// RequestID is the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if st := stateOf(ctx); st != nil {
		return st.requestID
	}
	return ""
}

// IdempotencyKey is the Idempotency-Key that the client sent, or "".
func IdempotencyKey(ctx context.Context) string {
	if st := stateOf(ctx); st != nil {
		return st.key
	}
	return ""
}

// Fingerprint is what must be equal for two requests with the same key to be
// the same request: SHA-256 of method, path, query and body. Nil without a key.
func Fingerprint(ctx context.Context) []byte {
	if st := stateOf(ctx); st != nil {
		return st.fingerprint
	}
	return nil
}

// IfMatch is the version that the client's If-Match names; 0 when it sent none.
func IfMatch(ctx context.Context) int64 {
	if st := stateOf(ctx); st != nil {
		return st.ifMatch
	}
	return 0
}

// MarkReplayed adds Idempotent-Replayed: true to the answer, for an operation
// that keeps its key itself.
func MarkReplayed(ctx context.Context) {
	if st := stateOf(ctx); st != nil {
		st.w.Header().Set(replayedHeader, "true")
	}
}
