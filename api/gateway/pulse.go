package gateway

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	pulseEvery  = 50 * time.Millisecond
	pulseWithin = 200 * time.Millisecond // more than any class bears
	busyFrom    = 4                      // requests under way to a service; one with fewer is left in peace
)

// pulse feels, until ctx ends, how long each busy service takes to say that it is
// ready, and has the gates follow it. How long requests take would not tell an
// overload: a checkout may wait for the customer's bank, an import for a thousand
// products. What a service does to say that it is ready is next to nothing, so
// that what it takes is the time that everything waits there.
func (g *Gateway) pulse(ctx context.Context) {
	beat := time.NewTicker(pulseEvery)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		var feeling sync.WaitGroup
		for _, s := range g.watched {
			if s.places.underWay.Load() < busyFrom {
				s.places.feel(0)
				continue
			}
			feeling.Go(func() { s.feel(ctx) })
		}
		feeling.Wait()
		elsewhere := time.Duration(0)
		for _, s := range g.watched {
			if s.places.weighty.Load() >= busyFrom {
				elsewhere = max(elsewhere, s.places.felt())
			}
		}
		for _, s := range g.watched {
			s.places.adapt(elsewhere)
		}
	}
}

// feel asks every instance, and takes the quickest: one that is slow alone is a
// case for its breaker, not for refusals. When none can be reached there is
// nothing to feel.
func (s *service) feel(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pulseWithin)
	defer cancel()
	instances := s.instances.All()
	took := make(chan time.Duration, len(instances))
	begin := time.Now()
	for _, in := range instances {
		go func() {
			if in.ready(ctx) == nil || ctx.Err() != nil {
				took <- time.Since(begin)
				return
			}
			took <- -1
		}()
	}
	for range instances {
		if delay := <-took; delay >= 0 {
			s.places.feel(delay)
			return
		}
	}
}

// ready has the instance say whether it is, whatever it says.
func (in *instance) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url.JoinPath("ready").String(), http.NoBody)
	if err != nil {
		return err
	}
	res, err := in.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxPart))
	_ = res.Body.Close()
	return err
}
