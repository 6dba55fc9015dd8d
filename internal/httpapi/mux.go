package httpapi

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"

	"go.uber.org/zap"

	"kassa/internal/correlation"
	"kassa/internal/id"
	"kassa/internal/logging"
)

// RequestIDHeader names the request in answers, and between our own processes.
const RequestIDHeader = "X-Request-Id"

// A Mux is http.ServeMux with what every Kassa answer has: a request id, a
// correlation id, security headers, problems instead of plain text, route
// metrics and spans, and an answer when a handler panics.
type Mux struct {
	mux   *http.ServeMux
	log   *zap.Logger
	check func(*http.Request) error // before any route; may be nil
}

// NewMux makes an empty Mux. A nil log means the process's own.
func NewMux(log *zap.Logger) *Mux {
	return &Mux{mux: http.NewServeMux(), log: log}
}

// Check has requests refused before it is looked where they lead: whatever check
// has an error for.
func (m *Mux) Check(check func(*http.Request) error) { m.check = check }

// Handle registers handler for a pattern of http.ServeMux, like
// "GET /v1/orders/{id}". The pattern names the metrics and the span.
func (m *Mux) Handle(pattern string, handler http.Handler) {
	m.mux.Handle(pattern, observed(pattern, handler))
}

// HandleFunc is Handle for a function.
func (m *Mux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(handler))
}

// ServeHTTP answers one request.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := &state{requestID: requestID(r)}
	correlationID := r.Header.Get(correlation.Header)
	if !correlation.Valid(correlationID) {
		correlationID = st.requestID
	}
	header := w.Header()
	header.Set(RequestIDHeader, st.requestID)
	header.Set(correlation.Header, correlationID)
	secure(header, r)

	ctx := context.WithValue(r.Context(), stateKey{}, st)
	ctx = correlation.With(ctx, correlationID)
	if m.log != nil {
		ctx = logging.Into(ctx, m.log)
	}
	r = r.WithContext(ctx)
	watched := &watcher{ResponseWriter: w, st: st}
	st.w, st.r = watched, r
	defer recovered(watched, r)

	if m.check != nil {
		if err := m.check(r); err != nil {
			st.matched = true
			WriteProblem(watched, r, err)
			countUnmatched(r, watched.status)
			return
		}
	}
	m.mux.ServeHTTP(watched, r)
	if watched.unsent != 0 {
		refuse(watched, r)
	}
}

// refuse answers what the mux would have answered in plain text. Its redirects
// to a cleaned path are refusals too: an API has one spelling of an address.
func refuse(w *watcher, r *http.Request) {
	err := errNotFound
	if w.unsent == http.StatusMethodNotAllowed {
		err = errNoMethod
	}
	w.Header().Del("Location")
	w.unsent, w.st.matched = 0, true
	countUnmatched(r, err.Status)
	WriteProblem(w, r, err)
}

// requestID is the id our own gateway gave the request, or a new one.
func requestID(r *http.Request) string {
	if sent := r.Header.Get(RequestIDHeader); sent != "" {
		if _, err := id.Parse(sent); err == nil {
			return strings.ToLower(sent)
		}
	}
	return id.New().String()
}

// secure sets the headers of every answer. A handler may replace them, like the
// content security policy of a page.
func secure(h http.Header, r *http.Request) {
	for _, each := range everywhere {
		h[each.name] = each.value
	}
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// everywhere is shared by all answers, which saves an allocation per header:
// Header.Set replaces a slice and Header.Add copies a full one.
var everywhere = []struct {
	name  string // canonical
	value []string
}{
	{"Cache-Control", []string{"no-store"}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
}

// recovered answers 500 for a handler that panicked, when it still can.
func recovered(w *watcher, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // documented to be compared
		panic(cause)
	}
	err := &panicked{cause: cause, stack: debug.Stack()}
	w.st.matched = true
	if w.status != 0 {
		_ = finish(r.Context(), err) // too late for another answer, not for the log
		panic(http.ErrAbortHandler)
	}
	WriteProblem(w, r, err)
}
