package gateway

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"

	"go.uber.org/zap"

	"kassa/internal/discovery"
	"kassa/internal/fault"
)

// concurrent is how many requests to one service may be under way; a checkout may
// wait 30 s.
var concurrent = 512

// streaming is how many streams to one service may, beside them: one may last for
// hours.
const streaming = 2048

// service is one service as the gateway sees it.
type service struct {
	name      string
	instances *discovery.Set[*instance]
	turn      atomic.Uint32
	places    *gate
	streams   *gate
	retries   budget
	odd       chan struct{} // has the instances examined
	feeling   atomic.Bool   // a beat goes on
	keepsPath bool          // it is addressed as clients address us
	proxy     *httputil.ReverseProxy
}

// newService makes a service that is found at addresses by names, nil for the
// machine's resolver.
func newService(name string, addresses []string, names *net.Resolver, log *zap.Logger) (*service, error) {
	log = log.With(zap.String("upstream", name))
	begin := func(found discovery.Instance) *instance { return newInstance(found, log) }
	instances, err := discovery.NewSet(addresses, names, begin, (*instance).leave)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", name, err)
	}
	s := &service{
		name: name, instances: instances, odd: make(chan struct{}, 1),
		places: newGate(name, concurrent, log), streams: newGate(name, streaming, log),
	}
	s.proxy = newProxy(s, log)
	return s, nil
}

var errNoInstance = errors.New("no instance can be asked")

// RoundTrip sends the request to the instance whose turn it is. While it has
// reached nobody it goes on to the next one, once each. When it may have, and can
// be sent again without harm, that happens once, within the budget. The deadline
// is the context's, of all attempts together. What has begun to be answered is
// never sent again.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	instances := s.inTurn()
	if r.Body != nil && r.GetBody == nil && len(instances) > 1 {
		r.Body = kept{r.Body}
	}
	s.retries.earn()
	path, raw := r.URL.Path, r.URL.RawPath
	failure, retried := errNoInstance, false
	for _, in := range instances {
		if !in.breaker.TryAcquirePermit() {
			continue
		}
		if failure != errNoInstance { //nolint:errorlint // the sentinel itself
			r = again(r)
		}
		r.URL.Scheme, r.URL.Host, r.URL.Path = in.url.Scheme, in.url.Host, in.url.Path+path
		if raw != "" {
			r.URL.RawPath = in.url.EscapedPath() + raw
		}
		res, err := in.transport.RoundTrip(r)
		in.record(r.Context(), err)
		if err == nil {
			if res.Close { // it takes leave
				s.suspect()
			}
			return res, nil
		}
		failure = err
		if r.Context().Err() != nil || spoiled(r.Context()) {
			break
		}
		s.suspect()
		if reachedNobody(err) {
			continue
		}
		if retried || !repeatable(r) || !s.retries.spend() {
			break
		}
		retried = true
	}
	return nil, failure
}

// inTurn is every instance once: first the one whose turn it is, last those that
// are not well.
func (s *service) inTurn() []*instance {
	all := s.instances.All()
	if len(all) < 2 {
		return all
	}
	order := make([]*instance, len(all))
	well, unwell := 0, len(all)
	for _, in := range all {
		if in.unwell.Load() {
			unwell--
			order[unwell] = in
			continue
		}
		order[well] = in
		well++
	}
	if well == 0 {
		well = len(all)
	}
	turn := s.turn.Add(1) % uint32(well) //nolint:gosec // small
	order[0], order[turn] = order[turn], order[0]
	return order
}

// kept is a body that arrives while it is passed on. A connection that is refused
// must not close it; the proxy does so at the end.
type kept struct{ io.ReadCloser }

// Close does nothing.
func (kept) Close() error { return nil }

// reachedNobody reports whether there was no connection to send the request by.
func reachedNobody(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// repeatable reports whether the request may happen twice: because it changes
// nothing, or because the service knows it by its key (unpromise has seen to the
// others).
func repeatable(r *http.Request) bool {
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
