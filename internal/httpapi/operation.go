package httpapi

import (
	"net/http"
	"strings"
	"time"

	"kassa/internal/fault"
)

// Access is who may call an operation.
type Access int

// The levels. Whether a customer may see one particular thing is the service's
// to decide: somebody else's is not found.
const (
	Public   Access = iota // anybody; a token that comes along must still be valid
	Customer               // anybody signed in
	Support                // support and admin
	Admin                  // admin
)

// Scope is what an API key must have been made for to call the operation: the
// operation's tag in lower case with dashes, and read for GET, write otherwise,
// like orders:read. Writing does not include reading. It is "" when no key is
// asked for its scope: anybody may call the operation, or only people.
func (op Operation) Scope() string {
	if op.Access == Public || op.PeopleOnly || op.Tag == "" {
		return ""
	}
	how := "write"
	if op.Method == http.MethodGet || op.Method == http.MethodHead {
		how = "read"
	}
	return strings.ReplaceAll(strings.ToLower(op.Tag), " ", "-") + ":" + how
}

// KeyRule is what an operation does about Idempotency-Key.
type KeyRule int

// The rules.
const (
	NoKey       KeyRule = iota // none is expected; one that comes is ignored
	OptionalKey                // with a key, a repeat gets the stored answer
	RequiredKey                // as OptionalKey, and 400 without one
	OwnKey                     // required; the handler keeps it with its own rows
)

// DefaultMaxBody is the largest request body of an operation that names no
// other limit, in bytes.
const DefaultMaxBody = 256 << 10

// An Operation is one way to call a service, as data.
type Operation struct {
	ID          string // verb-noun, like reserve-stock; unique in the whole API
	Method      string
	Path        string // like /v1/orders/{id}
	Summary     string // a few words
	Description string // Markdown; "" when the summary says it all
	Tag         string // the group in the document
	Access      Access
	Status      int            // of a success; 0 means 200, or 204 without a body
	Errors      []*fault.Error // the faults of this operation, for the document
	Key         KeyRule
	MaxBody     int64 // bytes; 0 means DefaultMaxBody
	IfMatch     bool  // If-Match is required: 428 without, the version in IfMatch(ctx)

	// PeopleOnly refuses API keys, whatever they are for: an operation by which a
	// key could get itself more than it was given.
	PeopleOnly bool
	// MayAccept says that the answer may also be 202, with the same body, while
	// the operation is still at work. The output's Status field tells.
	MayAccept bool
	// IgnoresToken makes a Public operation work with a token that has expired:
	// signing in must.
	IgnoresToken bool
	// Deprecated is since when clients should leave this operation (RFC 9745), and
	// Sunset when it goes (RFC 8594); zero when they need not. Each answer says so.
	Deprecated, Sunset time.Time
	// Content lists the media types of a success that the handler writes itself
	// (its output's Body is a func(huma.Context)), with an example each.
	Content map[string]any
	// Example and ResponseExample are shown in the document. Nil ones are put
	// together from the example tags of the body's fields.
	Example, ResponseExample any
}
