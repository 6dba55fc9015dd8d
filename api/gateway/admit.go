package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/identity"
)

const (
	maxBody     = 1 << 20  // bytes of a request
	maxHeaders  = 16 << 10 // bytes of its headers
	holdBody    = 64 << 10 // bytes up to which a body is held, so that it can be sent again
	maxKey      = 255      // characters of an Idempotency-Key
	keyHeader   = "Idempotency-Key"
	authzHeader = "Authorization"
)

// How long a body may take to arrive.
var (
	arrivesIn = 10 * time.Second // one that is held, or that nobody wants
	streamsIn = time.Minute      // a larger one
)

// What is refused here and nowhere below.
var (
	errTooLarge = &httpapi.Problem{
		Type: "/docs/errors#body_too_large", Title: http.StatusText(http.StatusRequestEntityTooLarge), Status: http.StatusRequestEntityTooLarge,
		Code: "body_too_large", Detail: "The body is larger than 1 MiB.",
	}
	errTooSlow = &httpapi.Problem{
		Type: "/docs/errors#body_timeout", Title: http.StatusText(http.StatusRequestTimeout), Status: http.StatusRequestTimeout,
		Code: "body_timeout", Detail: "The body took too long to arrive.", Retryable: true,
	}
	errHeaders = &httpapi.Problem{
		Type: "/docs/errors#headers_too_large", Title: http.StatusText(http.StatusRequestHeaderFieldsTooLarge), Status: http.StatusRequestHeaderFieldsTooLarge,
		Code: "headers_too_large", Detail: "The headers are larger than 16 KiB.",
	}
	errNowhere  = fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	errCutShort = fault.New(fault.Malformed, "malformed_body", "The body cannot be read.")
)

// admit checks what every service would have to refuse, and says who asks, or
// why it refuses.
func (p *passage) admit(w http.ResponseWriter, r *http.Request, client netip.Addr) (who identity.Principal, err error) {
	if !modest(r.Header) {
		return who, errHeaders
	}
	var unknown error
	switch {
	case p.rule.foreign:
		who = p.gateway.known(r)
	case !p.rule.ignoresToken:
		who, unknown = p.gateway.identify(r)
	}
	if !p.rule.unlimited { // whoever guesses tokens is counted, too
		if err := p.gateway.limit(w, r, &p.quotas, client, who); err != nil {
			return who, err
		}
	}
	if unknown != nil {
		return who, unknown
	}
	if p.rule.key == needsKey {
		return who, keyed(r.Header[keyHeader])
	}
	return who, nil
}

// before is admit for the gateway's own operations.
func (p *passage) before(w http.ResponseWriter, r *http.Request) error {
	_, err := p.admit(w, r, p.gateway.client(r))
	return err
}

// takenIn is how long an answer may take to be read, from when the request was there.
var takenIn = 2 * time.Minute

// Bounds are the server's limits at the edge: whoever takes an answer more slowly
// loses it, and with it a place. Streams go on while each part is taken.
func Bounds(s *http.Server) { s.WriteTimeout = takenIn }

// modest reports whether headers have a usual size. Go's server refuses those of
// twice the size itself, in plain text.
func modest(h http.Header) bool {
	n := 0
	for name, values := range h {
		for _, value := range values {
			n += len(name) + len(value) + len(": \r\n")
		}
	}
	return n <= maxHeaders
}

// identify refuses a token or an API key that is not good, and gives a good key's
// bearer a token. Who comes without either may go on, as nobody: the service
// knows whether that is enough.
func (g *Gateway) identify(r *http.Request) (nobody identity.Principal, err error) {
	values := r.Header[authzHeader]
	if keys := r.Header[apiKeyHeader]; len(keys) > 0 {
		if len(keys) > 1 || len(values) > 0 {
			return nobody, errTwoIdentities
		}
		if err := g.keys.exchange(r, keys[0], g.client(r)); err != nil {
			return nobody, err
		}
		values = r.Header[authzHeader]
	}
	if len(values) == 0 {
		return nobody, nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,") {
		return nobody, identity.ErrBadToken
	}
	return g.verifier.Verify(r.Context(), token)
}

// known is who a token of ours is from, or nobody when it is somebody else's.
func (g *Gateway) known(r *http.Request) identity.Principal {
	_, token, _ := strings.Cut(r.Header.Get(authzHeader), " ")
	if token == "" {
		return identity.Principal{}
	}
	who, _ := g.verifier.Verify(r.Context(), token)
	return who
}

func keyed(values []string) error {
	if len(values) == 0 {
		return httpapi.ErrKeyRequired
	}
	key := values[0]
	if len(values) > 1 || key == "" || len(key) > maxKey {
		return httpapi.ErrKeyMalformed
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return httpapi.ErrKeyMalformed
		}
	}
	return nil
}

// bound limits the size of the body and the time it takes to arrive. A small
// one is read at once, so that it can be sent again to another instance.
func bound(w http.ResponseWriter, r *http.Request) error {
	switch {
	case r.ContentLength == 0:
		return nil
	case r.ContentLength > maxBody:
		return errTooLarge
	}
	deadline := http.NewResponseController(w)
	if r.ContentLength < 0 || r.ContentLength > holdBody {
		_ = deadline.SetReadDeadline(time.Now().Add(streamsIn))
		r.Body = &timed{ReadCloser: http.MaxBytesReader(w, r.Body, maxBody), deadline: deadline}
		return nil
	}
	_ = deadline.SetReadDeadline(time.Now().Add(arrivesIn))
	held := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, held)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTooSlow
	case err != nil:
		return errCutShort.Because(err)
	}
	// One that stayed set would end the request while the service is at work.
	_ = deadline.SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(bytes.NewReader(held))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(held)), nil }
	return nil
}

// timed is a body that is passed on as it arrives; at its end the deadline goes.
type timed struct {
	io.ReadCloser
	deadline *http.ResponseController
	arrived  func()      // called once, at its end
	late     atomic.Bool // the client was too slow
	spoiled  atomic.Bool // it was, broke off or sent too much
}

// Read reads a part.
func (t *timed) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	switch {
	case err == io.EOF:
		_ = t.deadline.SetReadDeadline(time.Time{})
		if t.arrived != nil {
			t.arrived()
			t.arrived = nil
		}
	case err != nil:
		t.late.Store(errors.Is(err, os.ErrDeadlineExceeded))
		t.spoiled.Store(true)
	}
	return n, err
}
