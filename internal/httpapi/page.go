package httpapi

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"kassa/internal/fault"
)

// A Page is one part of a list. Data is never null.
type Page[T any] struct {
	Data       []T    `json:"data" doc:"The things of this page, in a stable order."`
	NextCursor string `json:"next_cursor,omitempty" doc:"Send it as cursor for the next page; absent on the last one." example:"eyJhIjoxfQ.c2lnbmF0dXJl"`
}

// ErrBadCursor is a cursor that this operation did not give out.
var ErrBadCursor = fault.New(fault.Invalid, "invalid_cursor", "The cursor is not one of ours; start again without it.")

// maxCursor is the longest cursor we look at, in characters.
const maxCursor = 1024

// Cursors signs and reads the positions of lists, so that a client can neither
// read rows it was not given nor take a cursor to another list.
type Cursors struct{ key [sha256.Size]byte }

// NewCursors makes Cursors whose signatures hold for every process with the
// same secret. With "" they hold in this process only.
func NewCursors(secret string) Cursors {
	if secret == "" {
		secret = rand.Text()
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("kassa cursor"))
	var c Cursors
	mac.Sum(c.key[:0])
	return c
}

// Sign makes the cursor for position (any JSON) in the list called scope: the
// operation, and the filters when a cursor must not outlive them.
func (c Cursors) Sign(scope string, position any) string {
	document, err := json.Marshal(position)
	if err != nil {
		panic(fmt.Sprintf("cursor of %s: %v", scope, err)) // a bug in its type
	}
	encoded := base64.RawURLEncoding
	return encoded.EncodeToString(document) + "." + encoded.EncodeToString(c.sum(scope, document))
}

// Verify reads the position that Sign put into cursor. It fails with ErrBadCursor.
func (c Cursors) Verify(scope, cursor string, position any) error {
	if len(cursor) > maxCursor {
		return ErrBadCursor
	}
	document, signature, ok := split(cursor)
	if !ok || !hmac.Equal(signature, c.sum(scope, document)) {
		return ErrBadCursor
	}
	if err := json.Unmarshal(document, position); err != nil {
		return ErrBadCursor.Because(err)
	}
	return nil
}

func (c Cursors) sum(scope string, document []byte) []byte {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(scope))
	mac.Write([]byte{0})
	mac.Write(document)
	return mac.Sum(nil)[:16]
}

// NextLink is the RFC 8288 Link header to the page after this one, as the client
// addresses it, or "" when cursor is "".
func NextLink(ctx context.Context, cursor string) string {
	st := stateOf(ctx)
	if st == nil || cursor == "" {
		return ""
	}
	query := st.r.URL.Query()
	query.Set("cursor", cursor)
	next := url.URL{Path: PublicPrefix + st.r.URL.Path, RawQuery: query.Encode()}
	return "<" + next.String() + `>; rel="next"`
}

// PublicPrefix is what the gateway puts before a service's paths.
const PublicPrefix = "/api"

// split takes a cursor apart into its document and its signature.
func split(cursor string) (document, signature []byte, ok bool) {
	left, right, found := strings.Cut(cursor, ".")
	if !found {
		return nil, nil, false
	}
	strict := base64.RawURLEncoding.Strict()
	document, err := strict.DecodeString(left)
	if err != nil {
		return nil, nil, false
	}
	signature, err = strict.DecodeString(right)
	return document, signature, err == nil
}
