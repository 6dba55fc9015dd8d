package shopper

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Front stands in for what is in front of several gateways: it sends requests to
// those that are ready, in turns, and tries none again that has been sent.
type Front struct {
	hosts []string
	ready []atomic.Bool
	turn  atomic.Uint64
	via   http.RoundTripper
}

// askEvery is how often a gateway is asked whether it is ready.
const askEvery = 100 * time.Millisecond

// NewFront asks the gateways how they are until ctx ends.
func NewFront(ctx context.Context, gateways []string) (*Front, error) {
	f := &Front{via: Transport(), ready: make([]atomic.Bool, len(gateways))}
	for i, gateway := range gateways {
		at, err := url.Parse(gateway)
		if err != nil {
			return nil, err
		}
		f.hosts = append(f.hosts, at.Host)
		f.ready[i].Store(true)
		go f.watch(ctx, i, gateway+"/ready")
	}
	return f, nil
}

func (f *Front) watch(ctx context.Context, i int, address string) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.ready[i].Store(answersWell(ctx, address))
		}
	}
}

func answersWell(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// RoundTrip sends the request to the gateway whose turn it is, or, when none is
// ready, to any.
func (f *Front) RoundTrip(r *http.Request) (*http.Response, error) {
	all := uint64(len(f.hosts))
	at := f.turn.Add(1) % all
	for i := range all {
		if n := (at + i) % all; f.ready[n].Load() {
			at = n
			break
		}
	}
	r = r.Clone(r.Context())
	r.URL.Host = f.hosts[at]
	return f.via.RoundTrip(r)
}
