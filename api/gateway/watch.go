package gateway

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// How often an instance is asked how it is. A process that stops goes on
// answering for longer than that (KASSA_DRAIN).
const (
	watchEvery  = 2 * time.Second        // plus or minus a quarter, so that several gateways do not ask in step
	watchSooner = 400 * time.Millisecond // while one is not well
	watchWithin = 1500 * time.Millisecond
	watchRest   = 100 * time.Millisecond // between two rounds, whatever happens
)

// Watch asks every instance of every service for its readiness until ctx ends, so
// that one that is about to stop gets no new requests before its port closes, and
// one that hangs costs nobody a deadline. It only says who comes last: when none
// of a service is well all are tried, so that a check that is wrong takes nothing
// off the net.
func (g *Gateway) Watch(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range g.watched {
		all.Go(func() { s.watch(ctx) })
	}
	all.Go(func() { g.pulse(ctx) })
	all.Wait()
	return nil
}

// watch looks regularly, and at once when a request has met something odd.
func (s *service) watch(ctx context.Context) {
	for {
		pause := watchEvery*3/4 + rand.N(watchEvery/2) //nolint:gosec // no secret
		if !s.examine(ctx) {
			pause = watchSooner
		}
		rest := time.NewTimer(watchRest)
		select {
		case <-ctx.Done():
			rest.Stop()
			return
		case <-rest.C:
		}
		next := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-s.odd:
			next.Stop()
		case <-next.C:
		}
	}
}

// suspect has the instances asked at once.
func (s *service) suspect() {
	select {
	case s.odd <- struct{}{}:
	default: // somebody has said so
	}
}

// examine asks all instances at the same time, and reports whether all are well
// without a doubt.
func (s *service) examine(ctx context.Context) bool {
	instances := s.instances.All()
	well := true
	var asking sync.WaitGroup
	for _, in := range instances {
		asking.Go(func() { in.examine(ctx) })
	}
	asking.Wait()
	for _, in := range instances {
		well = well && !in.unwell.Load() && !in.late
	}
	return well
}

// examine asks for the readiness. One answer that is late says nothing on a busy
// machine, the second does.
func (in *instance) examine(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(asking, http.MethodGet, in.url.JoinPath("ready").String(), http.NoBody)
	if err != nil {
		return
	}
	res, err := in.transport.RoundTrip(req)
	if ctx.Err() != nil {
		return
	}
	unwell := err != nil
	if err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxPart))
		_ = res.Body.Close()
		unwell = res.StatusCode >= http.StatusInternalServerError
	}
	first := asking.Err() != nil && !in.late
	in.late = asking.Err() != nil
	if first || in.unwell.Swap(unwell) == unwell {
		return
	}
	if unwell {
		in.log.Info("instance is not well; the others come first")
	} else {
		in.log.Info("instance is well again")
	}
}
