package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"go.uber.org/zap"

	"kassa/internal/fault"
)

const (
	concurrent  = 512              // requests under way to one service; a checkout may wait 30 s
	streaming   = 2048             // streams to one service, beside them: one may last for hours
	failureRate = 0.5              // of the requests to an instance
	ofAtLeast   = 5                // requests
	inThePast   = 10 * time.Second // opens its breaker
	openFor     = time.Second      // then a few requests try it again
	probes      = 5                // so many at a time; one that gets an answer closes it
)

// service is one service as the gateway sees it.
type service struct {
	name      string
	instances []*instance
	turn      atomic.Uint32
	places    bulkhead.Bulkhead[any]
	streams   bulkhead.Bulkhead[any]
	keepsPath bool // it is addressed as clients address us
	transport http.RoundTripper
	proxy     *httputil.ReverseProxy
}

// instance is one process of a service.
type instance struct {
	url     *url.URL
	breaker circuitbreaker.CircuitBreaker[any]
}

func newService(name string, urls []string, log *zap.Logger) (*service, error) {
	s := &service{name: name, places: bulkhead.New[any](concurrent), streams: bulkhead.New[any](streaming), transport: newTransport()}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("the address of service %s must be http://host:port", name)
		}
		s.instances = append(s.instances, &instance{url: u, breaker: newBreaker(name, u.Host, log)})
	}
	s.proxy = newProxy(s, log)
	return s, nil
}

func newBreaker(service, host string, log *zap.Logger) circuitbreaker.CircuitBreaker[any] {
	log = log.With(zap.String("upstream", service), zap.String("instance", host))
	return circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(failureRate, ofAtLeast, inThePast).
		WithSuccessThresholdRatio(1, probes).
		WithDelay(openFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { log.Warn("instance is out; passing it over") }).
		OnClose(func(circuitbreaker.StateChangedEvent) { log.Info("instance is back") }).
		Build()
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // what the client asks for passes through
	}
}

var errNoInstance = errors.New("no instance can be asked")

// RoundTrip sends the request to the instance whose turn it is. When that one
// cannot be reached, or breaks off a request that can be sent again, it goes to
// the next, once each.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.GetBody == nil && len(s.instances) > 1 {
		r.Body = kept{r.Body}
	}
	last := errNoInstance
	start := s.turn.Add(1)
	for i := range uint32(len(s.instances)) {
		in := s.instances[(start+i)%uint32(len(s.instances))]
		if !in.breaker.TryAcquirePermit() {
			continue
		}
		if last != errNoInstance { //nolint:errorlint // the sentinel itself
			r = again(r)
		}
		r.URL.Scheme, r.URL.Host = in.url.Scheme, in.url.Host
		res, err := s.transport.RoundTrip(r)
		in.record(r.Context(), err)
		if err == nil {
			return res, nil
		}
		last = err
		if r.Context().Err() != nil || !resendable(r, err) {
			break
		}
	}
	return nil, last
}

// kept is a body that arrives while it is passed on. A connection that is refused
// must not close it; the proxy does so at the end.
type kept struct{ io.ReadCloser }

// Close does nothing.
func (kept) Close() error { return nil }

// record tells the breaker. An answer is a success whatever it says: a service
// that answers 503 for its database's sake may still read from its cache. A
// client that gave up says nothing, except that a half-open breaker waits for
// the outcome of every request it let through.
func (in *instance) record(ctx context.Context, err error) {
	switch {
	case err == nil:
		in.breaker.RecordSuccess()
	case !errors.Is(context.Cause(ctx), context.Canceled) || in.breaker.IsHalfOpen():
		in.breaker.RecordFailure()
	}
}

// resendable reports whether the request has not reached anybody, or may do so
// twice: because it changes nothing, or because the service knows it by its key.
func resendable(r *http.Request, err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return true
	}
	if r.Body != nil && r.GetBody == nil {
		return false // it is partly gone
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	default:
		return len(r.Header[keyHeader]) == 1
	}
}

// again is the request for another attempt; the transport may still hold the
// one before.
func again(r *http.Request) *http.Request {
	next := r.WithContext(r.Context())
	address := *r.URL
	next.URL = &address
	if r.GetBody != nil {
		next.Body, _ = r.GetBody() // from memory
	}
	return next
}

// unavailable is what a client is told when no instance gave an answer.
func (s *service) unavailable(err error) error {
	return fault.ErrUnavailable.Because(fmt.Errorf("service %s: %w", s.name, err))
}
