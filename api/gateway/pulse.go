package gateway

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	pulseEvery  = 50 * time.Millisecond
	pulseWithin = 300 * time.Millisecond // more than any class bears

	checkedWithin = 1500 * time.Millisecond // a service gives up on its checks before that
	busyFrom      = 4                       // requests under way to a service; one with fewer is left in peace
)

// pulse feels, until ctx ends, the delay of each busy service, and has the gates
// follow it. How long requests take would not tell an overload: a checkout may wait
// for the customer's bank, an import for a thousand products. What a service does to
// say that it is ready is next to nothing, so that what it takes is the time that
// everything waits there; a service that knows of a longer queue says so with it.
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
				s.places.feel(0, true)
				continue
			}
			feeling.Go(func() { s.feel(ctx) })
		}
		feeling.Wait()
		elsewhere := time.Duration(0)
		for _, s := range g.watched {
			if delay, atWork := s.places.felt(); s.places.weighty.Load() >= busyFrom && atWork {
				elsewhere = max(elsewhere, delay)
			}
		}
		for _, s := range g.watched {
			s.places.adapt(elsewhere)
		}
	}
}

// feel asks the instances that take requests, and takes the quickest: one that is
// slow alone is a case for its breaker, not for refusals. When none can be reached
// there is nothing to feel. The others may still answer afterwards: breaking off a
// question costs its connection, and here and there one to the database.
func (s *service) feel(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, checkedWithin)
	instances := s.taking()
	took := make(chan time.Duration, len(instances))
	begin := time.Now()
	var asked sync.WaitGroup
	for _, in := range instances {
		asked.Go(func() {
			if !in.feeling.CompareAndSwap(false, true) {
				return // it has still not said so since the last beat: the time runs out
			}
			defer in.feeling.Store(false)
			queue, err := in.ready(asking)
			if err != nil && asking.Err() == nil {
				took <- -1
				return
			}
			took <- max(queue, time.Since(begin))
		})
	}
	go func() { asked.Wait(); cancel() }()
	enough := time.NewTimer(pulseWithin)
	defer enough.Stop()
	for range instances {
		select {
		case delay := <-took:
			if delay >= 0 {
				s.places.feel(delay, true)
				return
			}
		case <-enough.C:
			s.places.feel(pulseWithin, false)
			return
		}
	}
}

// taking are the instances that take requests; all when none is well.
func (s *service) taking() []*instance {
	all := s.instances.All()
	taking := make([]*instance, 0, len(all))
	for _, in := range all {
		if !in.unwell.Load() && !in.breaker.IsOpen() {
			taking = append(taking, in)
		}
	}
	if len(taking) == 0 {
		return all
	}
	return taking
}

// ready has the instance say whether it is, whatever it says, and answers the queue
// that it knows of.
func (in *instance) ready(ctx context.Context) (queue time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url.JoinPath("ready").String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	res, err := in.transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxPart))
	_ = res.Body.Close()
	if ms, told := strings.CutPrefix(res.Header.Get("Server-Timing"), "queue;dur="); told {
		n, _ := strconv.Atoi(ms)
		queue = time.Duration(n) * time.Millisecond
	}
	return queue, err
}
