package httpapi

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"kassa/internal/identity"
)

// Options are what an API needs from its process. Only Service is required:
// without a Verifier every operation that is not Public is refused, and without
// a Pool keys are demanded but answers are not kept, which serves to make the
// document.
type Options struct {
	Service      string
	Version      string
	Verifier     *identity.Verifier
	Pool         *pgxpool.Pool // of the database with the table idempotency_keys
	Log          *zap.Logger   // nil means the process's own
	Prefix       string        // put before the paths in the document, not in the mux
	CursorSecret string        // shared by all processes of the service; "" makes one up
	Mux          *Mux          // where to put the operations, at their public paths; nil makes one of their own

	// Before is asked about every request first, and may change its headers and
	// add to those of the answer; nil asks nobody. The gateway exchanges API keys
	// and counts requests there.
	Before func(http.ResponseWriter, *http.Request) error

	// FingerprintSecret is for a service whose keyed bodies hold passwords: with
	// it, and only with it, can one be guessed from a stored fingerprint.
	FingerprintSecret string

	// KeyOwner names who asks without an access token, so that their keys are
	// apart from those of others; "" ignores the key. Nil takes all for one.
	KeyOwner func(r *http.Request) string
}

// API is the HTTP surface of one service.
type API struct {
	options Options
	huma    huma.API
	mux     *Mux
	keys    *keyStore
	cursors Cursors
}

// New makes an API without operations.
func New(o Options) *API {
	if o.Version == "" {
		o.Version = "1"
	}
	a := &API{options: o, mux: o.Mux, cursors: NewCursors(o.CursorSecret)}
	if a.mux == nil {
		a.mux = NewMux(o.Log)
	}
	if o.Pool != nil {
		a.keys = &keyStore{pool: o.Pool}
	}
	a.huma = huma.NewAPI(config(o), adapter{a})
	return a
}

// Handler serves the API.
func (a *API) Handler() http.Handler { return a.mux }

// Handle adds a handler that is no operation of the document, like
// "POST /internal/operations/{name}". It gets what every answer has, and
// nothing else: no authentication, no limits.
func (a *API) Handle(pattern string, handler http.Handler) { a.mux.Handle(pattern, handler) }

// OpenAPI is the document of the operations registered so far.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Cursors signs the positions of this API's lists.
func (a *API) Cursors() Cursors { return a.cursors }

// adapter mounts Huma's operations on the Mux, each behind its route.
type adapter struct{ api *API }

// Handle is for Huma.
func (ad adapter) Handle(op *huma.Operation, next func(huma.Context)) {
	rt := op.Metadata[routeKey].(*route)
	rt.complete(op)
	rt.next = func(w http.ResponseWriter, r *http.Request) { next(humago.NewContext(op, r, w)) }
	ad.api.document(op, rt.op)
	path := op.Path
	if ad.api.options.Mux == nil {
		path = strings.TrimPrefix(path, ad.api.options.Prefix)
	}
	ad.api.mux.Handle(op.Method+" "+path, rt)
}

// ServeHTTP is for Huma.
func (ad adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.api.mux.ServeHTTP(w, r) }
