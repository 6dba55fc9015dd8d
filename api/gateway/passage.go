package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.uber.org/zap"

	"kassa/internal/correlation"
	"kassa/internal/httpapi"
	"kassa/internal/process"
	"kassa/internal/telemetry"
)

// passage is the way of one kind of request through the gateway.
type passage struct {
	gateway *Gateway
	service *service
	rule    rule
	quotas  quotas
	reads   class
	writes  class
}

// passage makes the way of the requests to a path of a service.
func (g *Gateway) passage(s *service, path string, r rule) *passage {
	p := &passage{gateway: g, service: s, rule: r, quotas: limitsOf(g.limits, r.limit)}
	p.reads, p.writes = classes(path)
	if r.limit == checkout {
		p.writes = buying
	}
	return p
}

// ServeHTTP admits the request and passes it on.
func (p *passage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if old := p.gateway.old; old != nil && (p.rule.foreign || old.takes(r)) {
		p = old.instead(p, r)
	}
	switch {
	case !p.rule.foreign && r.URL.RawPath != "", // no id or code of ours needs an escape
		p.rule.foreign && p.gateway.old.gave(r):
		httpapi.WriteProblem(w, r, errNowhere)
		return
	case p.rule.foreign && r.Method == http.MethodTrace: // it would show what we add
		httpapi.WriteProblem(w, r, errNoSuchMethod)
		return
	}
	gate, matters := p.service.places, p.class(r.Method)
	if p.rule.stream {
		gate = p.service.streams
	}
	if gate.full(matters) { // before anything costs
		httpapi.WriteProblem(w, r, gate.refuse(matters))
		return
	}
	client := p.gateway.client(r)
	who, err := p.admit(w, r, client)
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	if p.rule.stream {
		holder := counted(who, client)
		if !p.gateway.streams.take(holder) {
			httpapi.WriteProblem(w, r, httpapi.ErrTooManyStreams)
			return
		}
		defer p.gateway.streams.drop(holder)
	}
	if err := bound(w, r); err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	if !gate.enter(matters) {
		httpapi.WriteProblem(w, r, gate.refuse(matters))
		return
	}
	defer gate.leave(matters)

	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	h := &hop{header: w.Header(), client: client, ignoresKey: p.rule.key == ignoresKey}
	if p.rule.stream {
		h.stream = http.NewResponseController(w)
		_ = h.stream.SetWriteDeadline(time.Time{}) // each part has one of its own
	}
	wait := p.rule.wait
	if body, arriving := r.Body.(*timed); arriving { // the service has its time from when all of it is there
		wait += streamsIn
		body.arrived = func() {
			if h.timer.Stop() {
				h.timer.Reset(p.rule.wait)
			}
		}
		h.body = body
	}
	h.timer = time.AfterFunc(wait, func() { cancel(errNoAnswer) })
	defer h.timer.Stop()
	p.service.proxy.ServeHTTP(w, r.WithContext(context.WithValue(ctx, hopKey{}, h)))
}

var errNoAnswer = errors.New("no answer in time")

// hop is one request on its way to a service.
type hop struct {
	header     http.Header              // of the answer to the client
	stream     *http.ResponseController // of an answer that may go on; nil when it may not
	ignoresKey bool                     // its operation does
	client     netip.Addr               // where the request comes from
	body       *timed                   // of the request, while it arrives; nil when it is held
	timer      *time.Timer              // ends the request; stopped when the answer begins
}

type hopKey struct{}

// spoiled reports whether a request failed because its body did: that is the
// client's doing and says nothing of the service.
func spoiled(ctx context.Context) bool {
	h, _ := ctx.Value(hopKey{}).(*hop)
	return h != nil && h.body != nil && h.body.spoiled.Load()
}

func newProxy(s *service, log *zap.Logger) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:      s,
		Rewrite:        s.rewrite,
		ModifyResponse: begin,
		ErrorHandler:   s.failed,
		BufferPool:     &buffers,
		ErrorLog:       zap.NewStdLog(log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))),
	}
}

// rewrite makes the request that the service gets. The proxy has already taken
// out hop-by-hop headers and what a client claims to have been forwarded.
func (s *service) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	if !s.keepsPath {
		out.URL.Path = strings.TrimPrefix(out.URL.Path, httpapi.PublicPrefix)
	}
	out.URL.RawQuery = pr.In.URL.RawQuery // the service refuses what it cannot read
	out.Host = ""
	delete(out.Header, "Upgrade") // the proxy would have kept it; nobody gets a tunnel past the limits
	delete(out.Header, "Connection")
	delete(out.Header, "Expect") // the body is here, or was asked for
	out.Trailer = nil            // some programs take it for headers
	for name := range out.Header {
		if claimed(name) {
			delete(out.Header, name)
		}
	}
	if !s.keepsPath {
		delete(out.Header, apiKeyHeader) // it was exchanged for a token, or does not count here
	}
	ctx := pr.In.Context()
	h := ctx.Value(hopKey{}).(*hop)
	if h.ignoresKey {
		unpromise(out.Header)
	}
	if h.client.IsValid() {
		out.Header["X-Forwarded-For"] = []string{h.client.String()}
	}
	out.Header[httpapi.RequestIDHeader] = []string{httpapi.RequestID(ctx)}
	out.Header[correlation.Header] = []string{correlation.ID(ctx)}
	if telemetry.Tracing() {
		otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(out.Header))
	}
}

// claimed reports whether a header says something about a request that only we
// can know.
func claimed(name string) bool {
	switch name {
	case "Baggage", "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Http-Method-Override",
		"X-Idempotency-Key", "X-Original-Host", "X-Original-Url", "X-Real-Ip", "X-Rewrite-Url":
		return true
	default:
		// An underscore is a hyphen to programs that read headers from their environment.
		return strings.Contains(name, "_") || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Kassa-") || strings.HasPrefix(name, "X-Internal-")
	}
}

// begin is called when the service answers. What it says of itself replaces
// what every answer of the gateway says.
func begin(res *http.Response) error {
	h := res.Request.Context().Value(hopKey{}).(*hop)
	h.timer.Stop()
	for name := range res.Header {
		delete(h.header, name)
	}
	if h.stream != nil {
		res.Body = partingFrom(process.Leaving(res.Request.Context()), res.Body, h.stream)
	}
	return nil
}

// parting is a stream that ends, instead of breaking off, when this process leaves:
// the client comes back with Last-Event-ID and goes on elsewhere. Whoever does not take
// a part of it in time loses it.
type parting struct {
	io.ReadCloser
	leaving context.Context
	forget  func() bool
	client  *http.ResponseController
}

func partingFrom(leaving context.Context, body io.ReadCloser, client *http.ResponseController) *parting {
	return &parting{body, leaving, context.AfterFunc(leaving, func() { _ = body.Close() }), client}
}

// Read reads a part, which is then written.
func (p *parting) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	_ = p.client.SetWriteDeadline(time.Now().Add(takenIn))
	if err != nil && p.leaving.Err() != nil {
		err = io.EOF
	}
	return n, err
}

// Close ends the stream at the service.
func (p *parting) Close() error {
	p.forget()
	return p.ReadCloser.Close()
}

// failed answers for a service that did not.
func (s *service) failed(w http.ResponseWriter, r *http.Request, err error) {
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &size):
		err = errTooLarge
	case spoiled(r.Context()):
		if r.Context().Value(hopKey{}).(*hop).body.late.Load() {
			err = errTooSlow
			break
		}
		err = errCutShort.Because(err)
	case errors.Is(context.Cause(r.Context()), errNoAnswer):
		err = s.unavailable(errNoAnswer)
	case r.Context().Err() != nil:
		w.WriteHeader(httpapi.StatusGone)
		return
	default:
		err = s.unavailable(err)
	}
	// The request's own context has ended with the deadline; its values are wanted.
	httpapi.WriteProblem(w, r.WithContext(context.WithoutCancel(r.Context())), err)
}

// buffers lends the memory through which answers are copied.
var buffers = pool{sync.Pool{New: func() any { return new([32 << 10]byte) }}}

type pool struct{ sync.Pool }

// Get is for the proxy.
func (p *pool) Get() []byte { return p.Pool.Get().(*[32 << 10]byte)[:] }

// Put is for the proxy.
func (p *pool) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }
