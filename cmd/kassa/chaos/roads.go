package chaos

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
)

// balancer stands before the gateways, as a load balancer would: it takes them
// in turn, and another one when nobody is there.
type balancer struct {
	next     http.RoundTripper
	gateways []*url.URL
	turn     atomic.Uint64
}

// roads are the customers' ways to the shop.
func roads(gateways []string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	t.MaxIdleConnsPerHost = 2 * atOnce
	b := &balancer{next: t}
	for _, gateway := range gateways {
		if at, err := url.Parse(gateway); err == nil {
			b.gateways = append(b.gateways, at)
		}
	}
	return b
}

// RoundTrip sends a request to a gateway.
func (b *balancer) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	for range b.gateways {
		sent := r.Clone(r.Context())
		sent.URL.Host = b.gateways[b.turn.Add(1)%uint64(len(b.gateways))].Host
		if sent.Body, err = body(r); err != nil {
			return nil, err
		}
		if answer, err = b.next.RoundTrip(sent); !errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
	}
	return answer, err
}

// body is a request's body, from its beginning.
func body(r *http.Request) (io.ReadCloser, error) {
	if r.GetBody == nil {
		return r.Body, nil
	}
	return r.GetBody()
}
